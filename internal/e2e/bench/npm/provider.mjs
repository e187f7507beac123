// An OpenID provider for tests: the npm package oidc-provider with accounts,
// one application and one mail server that may introspect tokens.
//
// It reads one line of JSON (see op.go) from standard input, listens on
// 127.0.0.1 and prints its issuer, and ends when standard input ends.
// The log on standard error holds methods, paths and error codes only.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import Provider, { interactionPolicy } from 'oidc-provider';
import * as pages from './pages.mjs';

const lines = createInterface({ input: process.stdin });
lines.on('close', () => process.exit(0));
const settings = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);

const accounts = new Map(settings.accounts.map((a) => [a.oid, a]));

function findAccount(ctx, oid) {
  const account = accounts.get(oid);
  return account && {
    accountId: oid,
    claims: () => ({
      sub: oid,
      oid,
      tid: settings.tenant || undefined,
      name: account.name,
      preferred_username: account.email,
      email: account.email,
    }),
  };
}

// Only prompts that somebody asked for: choosing an account is signing in.
const policy = interactionPolicy.base();
policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0);

const signingKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const configuration = {
  clients: [
    {
      client_id: settings.client.id,
      client_secret: settings.client.secret,
      client_name: 'Test application',
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      redirect_uris: settings.client.redirect_uris,
      require_auth_time: true,
    },
    {
      client_id: settings.mailserver.id,
      client_secret: settings.mailserver.secret,
      grant_types: [],
      response_types: [],
      redirect_uris: [],
    },
  ],
  scopes: ['openid', 'profile', 'email', 'offline_access', ...settings.scopes],
  claims: {
    openid: ['sub', 'oid', 'tid'],
    profile: ['name', 'preferred_username'],
    email: ['email'],
  },
  conformIdTokenClaims: false, // the scopes' claims stand in the ID token, as with Entra ID
  clientBasedCORS: () => false,
  clockTolerance: 0,
  cookies: { keys: [randomBytes(32).toString('base64url')] },
  extraTokenClaims: (ctx, token) => ({ username: accounts.get(token.accountId)?.email }),
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, client) => client.clientId === settings.mailserver.id,
    },
    revocation: { enabled: true },
  },
  findAccount,
  // Entra ID's access tokens are 1.5 to 3 kB long, and length breaks SASL
  // implementations; so these are long as well.
  formats: { bitsOfOpaqueRandomness: (ctx, token) => (token.kind === 'AccessToken' ? 6 * 2600 : 256) },
  interactions: { policy },
  jwks: { keys: [{ ...signingKey, use: 'sig', alg: 'RS256' }] },
  pkce: { methods: ['S256'], required: () => true },
  renderError: (ctx, out) => {
    ctx.type = 'html';
    ctx.body = pages.error(out);
  },
  rotateRefreshToken: true,
  ttl: {
    AccessToken: settings.ttl.access,
    AuthorizationCode: settings.ttl.code,
    ClientCredentials: settings.ttl.access,
    Grant: settings.ttl.refresh,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: settings.ttl.refresh,
    Session: 86400,
  },
};

// OpenID Connect Core §11 honours offline_access only together with
// prompt=consent; Entra ID honours it always. The request is completed here,
// at the price of asking for consent at each sign-in.
async function completePrompt(ctx, next) {
  const { scope = '', prompt = '' } = ctx.query;
  const prompts = String(prompt).split(' ').filter(Boolean);
  if (ctx.path === '/auth' && String(scope).split(' ').includes('offline_access')
    && !prompts.includes('consent') && !prompts.includes('none')) {
    ctx.query = { ...ctx.query, prompt: [...prompts, 'consent'].join(' ') };
  }
  await next();
}

async function form(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

function show(ctx, body, status = 200) {
  ctx.status = status;
  ctx.type = 'html';
  ctx.set('cache-control', 'no-store');
  ctx.body = body;
}

function question(ctx, { uid, prompt, session, params }) {
  if (prompt.name !== 'consent') {
    show(ctx, pages.signIn({ uid, email: params.login_hint }));
    return;
  }
  const { email } = accounts.get(session.accountId);
  show(ctx, pages.consent({ uid, email, scopes: params.scope.split(' ') }));
}

async function login(provider, ctx, { uid }) {
  const entries = await form(ctx.req);
  const email = entries.get('email') ?? '';
  const account = settings.accounts.find((a) => a.email === email);
  if (account?.shared) {
    show(ctx, pages.signIn({ uid, email, problem: 'This account is blocked from signing in.' }), 403);
    return;
  }
  if (!account || account.password !== entries.get('password')) {
    show(ctx, pages.signIn({ uid, email, problem: 'The email or the password is wrong.' }), 403);
    return;
  }
  await finish(provider, ctx, { login: { accountId: account.oid, amr: ['pwd'] }, select_account: {} });
}

async function allow(provider, ctx, details) {
  const { session: { accountId }, params } = details;
  const grant = (details.grantId && await provider.Grant.find(details.grantId))
    || new provider.Grant({ accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  await finish(provider, ctx, { consent: { grantId: await grant.save() } });
}

async function finish(provider, ctx, result) {
  const destination = await provider.interactionResult(ctx.req, ctx.res, result);
  ctx.status = 303;
  ctx.redirect(destination);
}

function interactions(provider) {
  return async (ctx, next) => {
    const [, folder, uid, action = ''] = ctx.path.split('/');
    if (folder !== 'interaction') {
      await next();
      return;
    }
    const details = await provider.interactionDetails(ctx.req, ctx.res);
    if (details.uid !== uid) throw new Error('another interaction is under way in this browser');
    switch (`${ctx.method} ${action}`) {
      case 'GET ': question(ctx, details); break;
      case 'POST login': await login(provider, ctx, details); break;
      case 'POST allow': await allow(provider, ctx, details); break;
      case 'POST cancel':
        await finish(provider, ctx, { error: 'access_denied', error_description: 'the person cancelled' });
        break;
      default: ctx.status = 404;
    }
  };
}

async function log(ctx, next) {
  await next();
  console.error(ctx.method, ctx.path, ctx.status);
}

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  for (const event of ['authorization.error', 'grant.error', 'introspection.error', 'revocation.error', 'server_error']) {
    provider.on(event, (ctx, err) => console.error(event, err.error ?? err.stack, err.error_description ?? '', err.error_detail ?? ''));
  }
  provider.use(log);
  provider.use(completePrompt);
  provider.use(interactions(provider));
  server.on('request', provider.callback());
  console.log(issuer);
});
