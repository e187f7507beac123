// The pages of the OpenID provider: few, without script, and every control has
// a visible name, because the tests find controls by name only.

const escape = (s) => String(s).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

function page(title, body) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>body { font: 1rem/1.5 sans-serif; max-width: 30rem; margin: 2rem auto } label, input { display: block } input, button { font: inherit; min-height: 2.5rem }</style>
</head>
<body>
<main>
<h1>${escape(title)}</h1>
${body}
</main>
</body>
</html>
`;
}

const cancel = (uid) => `<form method="post" action="/interaction/${escape(uid)}/cancel"><button>Cancel</button></form>`;

export function signIn({ uid, email = '', problem = '' }) {
  return page('Sign in', `${problem && `<p role="alert">${escape(problem)}</p>`}
<form method="post" action="/interaction/${escape(uid)}/login">
<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required value="${escape(email)}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required>
<p><button>Sign in</button></p>
</form>
${cancel(uid)}`);
}

export function consent({ uid, email, scopes }) {
  return page('Permissions requested', `<p>Signed in as ${escape(email)}. The application asks for:</p>
<ul>
${scopes.map((s) => `<li>${escape(s)}</li>`).join('\n')}
</ul>
<form method="post" action="/interaction/${escape(uid)}/allow"><p><button>Allow</button></p></form>
${cancel(uid)}`);
}

export function error({ error: code, error_description: text = '' }) {
  return page('The request was refused', `<p>${escape(code)}</p>
<p>${escape(text)}</p>`);
}
