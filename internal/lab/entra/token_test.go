package entra_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
)

func TestRedemption(t *testing.T) {
	b := newBench(t)
	a := b.redeem(b.code(world.Support, nil), b.secret(), nil)
	if a.Status != http.StatusOK || a.Access == "" || a.Refresh == "" || a.ID == "" {
		t.Fatalf("%d %s", a.Status, a.Description)
	}
	if a.Scope != "https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send" {
		t.Errorf("scope = %q", a.Scope)
	}
	if a.ExpiresIn < 3600 || a.ExpiresIn >= 5400 {
		t.Errorf("expires_in = %d, want 60 to 90 minutes", a.ExpiresIn)
	}
	var u world.User
	b.state(func(s *world.State) { u = *s.UserByName(world.Support) })
	access := b.claims(a.Access)
	for name, want := range map[string]string{
		"aud": "https://outlook.office.com", "iss": "https://sts.windows.net/" + b.tenant + "/", "scp": "IMAP.AccessAsUser.All SMTP.Send",
		"upn": world.Support, "oid": u.ID, "tid": b.tenant, "appid": b.app, "ver": "1.0",
	} {
		if got := access.String(name); got != want {
			t.Errorf("access token: %s = %q, want %q", name, got, want)
		}
	}
	if got := access.Number("exp") - access.Number("iat"); got != int64(a.ExpiresIn) {
		t.Errorf("exp - iat = %d, expires_in = %d", got, a.ExpiresIn)
	}
	id := b.claims(a.ID)
	for name, want := range map[string]string{
		"aud": b.app, "iss": b.origin + "/" + b.tenant + "/v2.0", "tid": b.tenant, "oid": u.ID, "preferred_username": world.Support,
		"name": u.Name, "nonce": "n0", "email": world.Support, "ver": "2.0",
	} {
		if got := id.String(name); got != want {
			t.Errorf("ID token: %s = %q, want %q", name, got, want)
		}
	}
	if id.Number("auth_time") != b.at.Unix() {
		t.Errorf("auth_time = %d, want %d", id.Number("auth_time"), b.at.Unix())
	}
}

func TestIDTokenFollowsScopesAndRegistration(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	const mail = "https://outlook.office.com/IMAP.AccessAsUser.All "
	if a := b.redeem(b.code(world.Support, change{"scope": mail}), secret, nil); a.ID != "" || a.Refresh != "" {
		t.Error("without openid and offline_access there must be neither ID token nor refresh token")
	}
	a := b.redeem(b.code(world.Support, change{"scope": mail + "openid", "nonce": ""}), secret, nil)
	id := b.claims(a.ID)
	for _, name := range []string{"oid", "preferred_username", "name", "email", "nonce"} {
		if id[name] != nil {
			t.Errorf("claim %s without its scope", name)
		}
	}
	b.state(func(s *world.State) { s.Apps[0].AuthTimeClaim = false })
	if id := b.claims(b.redeem(b.code(world.Support, nil), secret, nil).ID); id["auth_time"] != nil {
		t.Error("auth_time without the optional claim")
	}
}

func TestAuthTimeIsThatOfThePassword(t *testing.T) {
	b := newBench(t)
	b.state(func(s *world.State) { s.Apps[0].ConsentForAll(s.Apps[0].Permissions) })
	secret, entered := b.secret(), b.at
	w := b.window()
	b.signIn(w.Open(b.request(nil)), world.Support)
	b.at = b.at.Add(time.Hour)
	if id := b.claims(b.redeem(w.Open(b.request(nil)).Answer("code"), secret, nil).ID); id.Number("auth_time") != entered.Unix() {
		t.Errorf("single sign-on: auth_time = %d, want that of the password, %d", id.Number("auth_time"), entered.Unix())
	}
	p := b.signIn(w.Open(b.request(change{"prompt": "login"})), world.Support)
	if id := b.claims(b.redeem(p.Answer("code"), secret, nil).ID); id.Number("auth_time") != b.at.Unix() {
		t.Errorf("new sign-in: auth_time = %d, want %d", id.Number("auth_time"), b.at.Unix())
	}
}

// The refusals of a redemption, each from one difference.
func TestRedemptionRefused(t *testing.T) {
	tests := map[string]struct {
		state  func(*world.State)
		change change
		want   int
		error  string
	}{
		"malformed code":       {nil, change{"code": "abc"}, 9002313, "invalid_grant"},
		"no code":              {nil, change{"code": ""}, 900144, "invalid_request"},
		"wrong secret":         {nil, change{"client_secret": "x"}, 7000215, "invalid_client"},
		"no secret":            {nil, change{"client_secret": ""}, 7000218, "invalid_client"},
		"assertion":            {nil, change{"client_secret": "", "client_assertion": "x"}, 700027, "invalid_client"},
		"other redirect URI":   {nil, change{"redirect_uri": callback + "/"}, 500112, "invalid_client"},
		"no redirect URI":      {nil, change{"redirect_uri": ""}, 900144, "invalid_request"},
		"wrong verifier":       {nil, change{"code_verifier": verifier + "x"}, 501481, "invalid_grant"},
		"no verifier":          {nil, change{"code_verifier": ""}, 501481, "invalid_grant"},
		"two resources":        {nil, change{"scope": scopes + " https://graph.microsoft.com/User.Read"}, 28000, "invalid_request"},
		"unknown scope":        {nil, change{"scope": "https://outlook.office.com/IMAP.Everything"}, 70011, "invalid_scope"},
		"scope not granted":    {nil, change{"scope": "https://outlook.office.com/POP.AccessAsUser.All"}, 65001, "invalid_grant"},
		"unknown resource":     {nil, change{"scope": "https://outlook.example/SMTP.Send"}, 500011, "invalid_resource"},
		"grant type":           {nil, change{"grant_type": "password"}, 70003, "unsupported_grant_type"},
		"no grant type":        {nil, change{"grant_type": ""}, 900144, "invalid_request"},
		"no client ID":         {nil, change{"client_id": ""}, 900144, "invalid_request"},
		"unknown client":       {nil, change{"client_id": "00000000-0000-0000-0000-000000000001"}, 700016, "unauthorized_client"},
		"application disabled": {func(s *world.State) { s.Apps[0].Disabled = true }, nil, 7000112, "unauthorized_client"},
		"blocked later":        {func(s *world.State) { s.UserByName(world.Support).Policy = world.BlockedLater }, nil, 53003, "invalid_grant"},
		"disabled since":       {func(s *world.State) { s.UserByName(world.Support).Disabled = true }, nil, 50057, "invalid_grant"},
		"no Exchange any more": {func(s *world.State) { s.Tenants[0].WithoutExchange = true }, nil, 500011, "invalid_resource"},
		"of another client":    {func(s *world.State) { only(s.Codes).ClientID = "other" }, nil, 70000, "invalid_grant"},
		"of another tenant":    {func(s *world.State) { only(s.Codes).TenantID = "other" }, nil, 700005, "invalid_grant"},
		"never issued":         {func(s *world.State) { clear(s.Codes) }, nil, 70000, "invalid_grant"},
		"single-page platform": {func(s *world.State) { only(s.Codes).Platform = world.SPA }, nil, 9002327, "invalid_request"},
		"desktop platform":     {func(s *world.State) { only(s.Codes).Platform = world.Native }, nil, 700025, "invalid_client"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			code, secret := b.code(world.Support, nil), b.secret()
			if tt.state != nil {
				b.state(tt.state)
			}
			a := b.redeem(code, secret, tt.change)
			if a.number() != tt.want || a.Error != tt.error {
				t.Fatalf("%d %s (%s), want %d %s", a.number(), a.Error, a.Description, tt.want, tt.error)
			}
			want := http.StatusBadRequest
			if tt.error == "invalid_client" {
				want = http.StatusUnauthorized
			}
			if a.Status != want {
				t.Errorf("HTTP %d, want %d", a.Status, want)
			}
			if strings.Contains(a.Raw, secret) || strings.Contains(a.Raw, code) || strings.Contains(a.Raw, verifier) {
				t.Error("the answer repeats a secret")
			}
		})
	}
}

func only(m map[string]*world.Code) *world.Code {
	for _, c := range m {
		return c
	}
	return nil
}

func TestCodesAreGoodOnceAndForTenMinutes(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	code := b.code(world.Support, nil)
	// A refused attempt does not use the code up.
	if a := b.redeem(code, secret, change{"code_verifier": "wrong"}); a.number() != 501481 {
		t.Fatalf("%d", a.number())
	}
	if a := b.redeem(code, secret, nil); a.Status != http.StatusOK {
		t.Fatalf("%d: %s", a.Status, a.Description)
	}
	if a := b.redeem(code, secret, nil); a.number() != 54005 || a.Error != "invalid_grant" {
		t.Errorf("second redemption: %d %s", a.number(), a.Error)
	}
	code = b.code(world.Support, nil)
	b.at = b.at.Add(10 * time.Minute)
	if a := b.redeem(code, secret, nil); a.Status != http.StatusOK {
		t.Errorf("after ten minutes: %d", a.number())
	}
	code = b.code(world.Support, nil)
	b.at = b.at.Add(10*time.Minute + time.Second)
	if a := b.redeem(code, secret, nil); a.number() != 70008 {
		t.Errorf("after more than ten minutes: %d", a.number())
	}
}

// The form of a code is looked at before the secret, so an invented code says
// nothing about the secret (recorded).
func TestMalformedCodeBeforeSecret(t *testing.T) {
	b := newBench(t)
	for _, secret := range []string{b.secret(), "wrong", ""} {
		if a := b.redeem("invented", secret, nil); a.number() != 9002313 || a.Status != http.StatusBadRequest {
			t.Errorf("secret %t: %d", secret != "", a.number())
		}
	}
	code := b.code(world.Support, nil)
	for name, mangled := range map[string]string{"lower case": strings.ToLower(code), "cut": code[:len(code)-3], "with more": code + "&session_state=x"} {
		if a := b.redeem(mangled, b.secret(), nil); a.number() != 9002313 {
			t.Errorf("%s: %d", name, a.number())
		}
	}
}

func TestPKCEPlain(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	plain := change{"code_challenge": verifier, "code_challenge_method": ""}
	if a := b.redeem(b.code(world.Support, plain), secret, nil); a.Status != http.StatusOK {
		t.Errorf("plain: %d", a.number())
	}
	if a := b.redeem(b.code(world.Support, plain), secret, change{"code_verifier": "x"}); a.number() != 501481 {
		t.Errorf("plain, wrong: %d", a.number())
	}
	none := change{"code_challenge": "", "code_challenge_method": ""}
	if a := b.redeem(b.code(world.Support, none), secret, change{"code_verifier": ""}); a.Status != http.StatusOK {
		t.Errorf("no challenge: %d", a.number())
	}
}

func TestSecretTexts(t *testing.T) {
	b := newBench(t)
	var id, old string
	b.state(func(s *world.State) {
		id = s.AddSecret(s.Apps[0], "good").ID
		s.Apps[0].Slips.SecretLife = -time.Hour
		old = s.AddSecret(s.Apps[0], "old").Value
	})
	code := b.code(world.Support, nil)
	a := b.redeem(code, id, nil)
	if a.number() != 7000215 || a.Status != 401 || !strings.Contains(a.Description, "is the client secret value, not the client secret ID") || !strings.Contains(a.Description, b.app) {
		t.Errorf("secret ID: %d %d %s", a.Status, a.number(), a.Description)
	}
	a = b.redeem(code, old, nil)
	if a.number() != 7000222 || a.Status != 401 || !strings.Contains(a.Description, "are expired") {
		t.Errorf("ended secret: %d %d %s", a.Status, a.number(), a.Description)
	}
}

func TestBasicAuthentication(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"https://graph.microsoft.com/.default"}}
	basic := func(secret string) func(*http.Request) {
		return func(r *http.Request) { r.SetBasicAuth(url.QueryEscape(b.app), url.QueryEscape(secret)) }
	}
	if a := b.post(b.tenant, form, basic(secret)); a.Status != http.StatusOK {
		t.Errorf("%d %s", a.Status, a.Description)
	}
	if a := b.post(b.tenant, form, basic("wrong")); a.number() != 7000215 {
		t.Errorf("wrong secret: %d", a.number())
	}
	// A header that cannot be read is no reason to overlook the body.
	form.Set("client_id", b.app)
	form.Set("client_secret", secret)
	if a := b.post(b.tenant, form, func(r *http.Request) { r.SetBasicAuth("%zz", "%zz") }); a.Status != http.StatusOK {
		t.Errorf("unreadable header: %d", a.number())
	}
}

// The order of checks of the client credentials grant, one step after the
// other.
func TestClientCredentials(t *testing.T) {
	b := newBench(t)
	const scope = "https://outlook.office365.com/.default"
	call := func(segment string, c change) answer {
		return b.post(segment, c.apply(url.Values{
			"grant_type": {"client_credentials"}, "client_id": {b.app}, "client_secret": {b.secret()}, "scope": {scope},
		}), nil)
	}
	tests := []struct {
		name    string
		segment string
		change  change
		want    int
	}{
		{"tenant first", "nowhere.example", change{"client_id": "x", "client_secret": "x"}, 90002},
		{"then the authority", "common", change{"client_id": "x", "client_secret": "x"}, 9001023},
		{"then the client", b.tenant, change{"client_id": "00000000-0000-0000-0000-000000000001", "client_secret": "x"}, 700016},
		{"then the secret", b.tenant, change{"client_secret": "x", "scope": "x"}, 7000215},
		{"or its absence", b.tenant, change{"client_secret": "", "scope": "x"}, 7000216},
		{"then the scope", b.tenant, change{"scope": ""}, 90014},
		{"which ends in .default", b.tenant, change{"scope": "https://outlook.office365.com/IMAP.AccessAsApp"}, 1002012},
		{"and names one resource", b.tenant, change{"scope": scope + " https://graph.microsoft.com/.default"}, 1002012},
		{"and a known one", b.tenant, change{"scope": "https://outlook.example/.default"}, 500011},
		{"assertion", b.tenant, change{"client_assertion": "x"}, 700027},
	}
	for _, tt := range tests {
		if a := call(tt.segment, tt.change); a.number() != tt.want {
			t.Errorf("%s: %d (%s), want %d", tt.name, a.number(), a.Description, tt.want)
		}
	}
	a := call(b.tenant, nil)
	if a.Status != http.StatusOK || a.Refresh != "" || a.ID != "" {
		t.Fatalf("%d %s", a.Status, a.Description)
	}
	c := b.claims(a.Access)
	if c.String("idtyp") != "app" || c.String("aud") != "https://outlook.office365.com" || c["roles"] != nil || c["upn"] != nil || c["scp"] != nil {
		t.Errorf("claims = %v", c)
	}
	b.state(func(s *world.State) { s.Apps[0].Disabled = true })
	if a := call(b.tenant, nil); a.number() != 7000112 {
		t.Errorf("application disabled: %d", a.number())
	}
	if a := call(b.tenant, change{"client_secret": "x"}); a.number() != 7000215 {
		t.Errorf("application disabled and secret wrong: %d, the secret comes first", a.number())
	}
	platforms := func(list ...world.Platform) {
		b.state(func(s *world.State) {
			s.Apps[0].Disabled, s.Apps[0].RedirectURIs = false, nil
			for _, p := range list {
				s.Apps[0].RedirectURIs = append(s.Apps[0].RedirectURIs, world.RedirectURI{URI: callback, Platform: p})
			}
		})
	}
	platforms(world.Native)
	if a := call(b.tenant, nil); a.number() != 700025 {
		t.Errorf("public client: %d", a.number())
	}
	platforms(world.Native, world.Web)
	if a := call(b.tenant, nil); a.Status != http.StatusOK {
		t.Errorf("public and confidential: %d", a.number())
	}
	platforms()
	if a := call(b.tenant, nil); a.Status != http.StatusOK {
		t.Errorf("no redirect URI yet: %d", a.number())
	}
}

func TestBrowserMayNotRedeemForAWebPlatform(t *testing.T) {
	b := newBench(t)
	form := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.app}, "client_secret": {b.secret()}, "code": {b.code(world.Support, nil)},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	}
	if a := b.post(b.tenant, form, func(r *http.Request) { r.Header.Set("Origin", "http://localhost:8080") }); a.number() != 9002326 {
		t.Errorf("%d", a.number())
	}
}

func TestAudienceFollowsTheScopes(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	tests := map[string]struct{ scope, aud, scp, echo string }{
		"prefix": {"https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com", "IMAP.AccessAsUser.All", "https://outlook.office.com/IMAP.AccessAsUser.All"},
		"other prefix": {"https://outlook.office365.com/IMAP.AccessAsUser.All", "https://outlook.office365.com", "IMAP.AccessAsUser.All",
			"https://outlook.office365.com/IMAP.AccessAsUser.All"},
		"no prefix": {"IMAP.AccessAsUser.All openid", "https://graph.microsoft.com", "IMAP.AccessAsUser.All openid",
			"https://graph.microsoft.com/IMAP.AccessAsUser.All openid"},
		"sign-in only": {"openid profile", "https://graph.microsoft.com", "openid profile", "openid profile"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := b.redeem(b.code(world.Support, change{"scope": tt.scope}), secret, nil)
			c := b.claims(a.Access)
			if c.String("aud") != tt.aud || c.String("scp") != tt.scp || a.Scope != tt.echo {
				t.Errorf("aud %q, scp %q, scope %q", c.String("aud"), c.String("scp"), a.Scope)
			}
		})
	}
	// Several resources may be agreed to at once, but redeemed one by one.
	both := "https://outlook.office.com/SMTP.Send https://graph.microsoft.com/User.Read offline_access"
	code := b.code(world.Support, change{"scope": both})
	if a := b.redeem(code, secret, nil); a.number() != 28000 {
		t.Errorf("both at once: %d", a.number())
	}
	a := b.redeem(code, secret, change{"scope": "https://outlook.office.com/SMTP.Send"})
	if a.Status != http.StatusOK {
		t.Fatal(a.Description)
	}
	if a = b.refresh(a.Refresh, secret, change{"scope": "https://graph.microsoft.com/User.Read"}); b.claims(a.Access).String("aud") != "https://graph.microsoft.com" {
		t.Errorf("second resource: %s", a.Description)
	}
}

func TestKnobs(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	token := b.redeem(b.code(world.Support, nil), secret, nil).Refresh
	knob := func(f func(*world.Entra)) answer {
		b.state(func(s *world.State) { s.Entra = world.Entra{}; f(&s.Entra) })
		return b.refresh(token, secret, nil)
	}
	if a := knob(func(e *world.Entra) { e.Throttled = true }); a.Status != 429 || a.Header.Get("Retry-After") != "60" ||
		a.Raw != "Too Many Requests" || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/plain") {
		t.Errorf("throttled: %d %v %q", a.Status, a.Header, a.Raw)
	}
	if a := knob(func(e *world.Entra) { e.BadProxy = true }); a.Status != 502 || !strings.Contains(a.Raw, "<html>") {
		t.Errorf("proxy: %d %q", a.Status, a.Raw)
	}
	if a := knob(func(e *world.Entra) { e.ForGraph = true }); b.claims(a.Access).String("aud") != "https://graph.microsoft.com" {
		t.Error("for Graph: another audience")
	}
	if a := knob(func(e *world.Entra) { e.Life = 10 * time.Minute }); a.ExpiresIn != 600 {
		t.Errorf("life: %d", a.ExpiresIn)
	}
	if a := knob(func(e *world.Entra) { e.NoNewRefresh = true }); a.Refresh != "" || a.Access == "" {
		t.Error("no new refresh token: there is one, or nothing at all")
	}
	if a := knob(func(e *world.Entra) { e.ScopesReversed = true }); !strings.HasPrefix(a.Scope, "https://outlook.office.com/SMTP.Send ") {
		t.Errorf("scopes reversed: %q", a.Scope)
	}
	if a := knob(func(*world.Entra) {}); a.Refresh == "" || a.Status != 200 {
		t.Error("without any knob the answer is complete")
	}
}

func TestFormOfErrors(t *testing.T) {
	b := newBench(t)
	call := func() answer { return b.redeem("x", "", nil) }
	a := call()
	want := []string{`"error":`, `"error_description":`, `"error_codes":`, `"timestamp":`, `"trace_id":`, `"correlation_id":`, `"error_uri":`}
	last := -1
	for _, key := range want {
		i := strings.Index(a.Raw, key)
		if i <= last {
			t.Errorf("%s stands at %d, after %d", key, i, last)
		}
		last = i
	}
	if a.Header.Get("Content-Type") != "application/json; charset=utf-8" || !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("headers = %v", a.Header)
	}
	if !strings.Contains(a.Description, "malformed or invalid. Trace ID: "+a.TraceID+" Correlation ID: ") {
		t.Errorf("description = %q", a.Description)
	}
	if a.URI != fmt.Sprintf("%s/error?code=9002313", b.origin) {
		t.Errorf("error_uri = %q", a.URI)
	}
	b.state(func(s *world.State) { s.Entra.OldLineBreaks, s.Entra.NoErrorURI = true, true })
	a = call()
	if !strings.Contains(a.Description, "\r\nTrace ID: ") || !strings.Contains(a.Description, "\r\nTimestamp: 2026-11-21 10:00:00Z") || a.URI != "" {
		t.Errorf("description = %q, error_uri = %q", a.Description, a.URI)
	}
}

func TestTokenEndpointIsForPOST(t *testing.T) {
	b := newBench(t)
	wantPage(t, b.window().Open("/"+b.tenant+"/oauth2/v2.0/token"), 900561)
}

func TestTokenRequestsAreCounted(t *testing.T) {
	b := newBench(t)
	b.redeem("x", "", nil)
	b.redeem("x", "", nil)
	b.refresh("x", "", nil)
	got := b.world.Counters().TokenRequests
	if got["authorization_code"] != 2 || got["refresh_token"] != 1 {
		t.Errorf("counted %v", got)
	}
}

func TestRandomLifetimes(t *testing.T) {
	b := newBench(t)
	secret := b.secret()
	token := b.redeem(b.code(world.Support, nil), secret, nil).Refresh
	var lives []int
	for range 8 {
		lives = append(lives, b.refresh(token, secret, nil).ExpiresIn)
	}
	slices.Sort(lives)
	if lives[0] < 3600 || lives[7] >= 5400 || lives[0] == lives[7] {
		t.Errorf("lives = %v, want different ones between 3600 and 5400 s", lives)
	}
}
