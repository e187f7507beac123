package entra_test

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
)

// A situation is a state and what is done in it; said is what comes back: the
// text of a page, a description, or a whole body.
type situation func(b *bench) (code, said string)

const client = "00000000-0000-0000-0000-000000000001"

// said is what a person reads, or the application is told.
func (p *page) said() (code, text string) {
	if p.Left != nil {
		return p.Answer("error"), p.Answer("error_description")
	}
	_, text, found := strings.Cut(p.Text, "Message: ")
	if !found {
		text = regexp.MustCompile(`AADSTS.*?\.(?: Email|$)`).FindString(p.Text)
		text = strings.TrimSuffix(text, " Email")
	}
	return "", text
}

// before opens the authorization endpoint; after signs in besides.
func before(segment string, c change) situation {
	return func(b *bench) (string, string) {
		if segment == "" {
			segment = b.tenant
		}
		return b.window().Open(b.requestAt(segment, c)).said()
	}
}

func after(who string, c change, state func(*world.State)) situation {
	return func(b *bench) (string, string) {
		if state != nil {
			b.state(state)
		}
		return b.signIn(b.window().Open(b.request(c)), who).said()
	}
}

func (a answer) said() (string, string) { return a.Error, a.Description }

// redeems signs in, changes the state, and redeems.
func redeems(state func(*world.State), c change) situation {
	return func(b *bench) (string, string) {
		code, secret := b.code(world.Support, nil), b.secret()
		if state != nil {
			b.state(state)
		}
		return b.redeem(code, secret, c).said()
	}
}

// renews does the same with a refresh, some time later.
func renews(after time.Duration, state func(*world.State), c change) situation {
	return func(b *bench) (string, string) {
		b.state(func(s *world.State) { s.Apps[0].Slips.SecretLife = 1000 * 24 * time.Hour })
		secret := b.secret()
		token := b.redeem(b.code(world.Support, nil), secret, nil).Refresh
		b.at = b.at.Add(after)
		if state != nil {
			b.state(state)
		}
		return b.refresh(token, secret, c).said()
	}
}

// proves asks for a token of the application's own.
func proves(segment string, c change) situation {
	return func(b *bench) (string, string) {
		if segment == "" {
			segment = b.tenant
		}
		return b.post(segment, c.apply(url.Values{
			"grant_type": {"client_credentials"}, "client_id": {b.app}, "client_secret": {b.secret()}, "scope": {"https://graph.microsoft.com/.default"},
		}), nil).said()
	}
}

func app(f func(*world.App)) func(*world.State) { return func(s *world.State) { f(s.Apps[0]) } }

func support(f func(*world.State, *world.User)) func(*world.State) {
	return func(s *world.State) { f(s, s.UserByName(world.Support)) }
}

func policy(p world.Policy) func(*world.State) {
	return support(func(_ *world.State, u *world.User) { u.Policy = p })
}

func platform(p world.Platform) func(*world.State) {
	return func(s *world.State) { only(s.Codes).Platform = p }
}

const day = 24 * time.Hour

// situations leads to each recorded answer that a state can produce, by the
// item's ID; a name behind a space tells several ways apart.
var situations = map[string]situation{
	"aadsts90002": before("nowhere.example", nil),
	"aadsts90002 discovery": func(b *bench) (string, string) {
		var a answer
		b.get("/nowhere.example/v2.0/.well-known/openid-configuration", &a)
		return a.said()
	},
	"aadsts90002 token":     proves("nowhere.example", nil),
	"aadsts700038":          before("", change{"client_id": "connector"}),
	"aadsts700016":          before("", change{"client_id": client}),
	"aadsts700016 token":    proves("", change{"client_id": client}),
	"aadsts50194":           before("common", nil),
	"aadsts900144":          before("", change{"scope": ""}),
	"aadsts900144 token":    redeems(nil, change{"code": ""}),
	"aadsts90014":           proves("", change{"scope": ""}),
	"aadsts90100":           before("", change{"prompt": "maybe"}),
	"aadsts700054":          before("", change{"response_type": "id_token"}),
	"aadsts70005":           before("", change{"response_type": "x"}),
	"aadsts70007":           before("", change{"response_mode": "fragment"}),
	"aadsts50147":           before("", change{"code_challenge": "short"}),
	"aadsts501491":          before("", change{"code_challenge_method": "S512"}),
	"aadsts50011":           after(world.Support, change{"redirect_uri": callback + "/"}, nil),
	"aadsts500113":          after(world.Support, nil, app(func(a *world.App) { a.RedirectURIs = nil })),
	"aadsts900971":          after(world.Support, change{"redirect_uri": ""}, app(func(a *world.App) { a.RedirectURIs = nil })),
	"aadsts7000112":         after(world.Support, nil, app(func(a *world.App) { a.Disabled = true })),
	"aadsts7000112 token":   redeems(app(func(a *world.App) { a.Disabled = true }), nil),
	"aadsts9002325":         after(world.Support, change{"code_challenge": "", "code_challenge_method": ""}, app(func(a *world.App) { a.RedirectURIs[0].Platform = world.SPA })),
	"aadsts650053":          after(world.Support, change{"scope": "https://outlook.office.com/IMAP.Everything"}, nil),
	"aadsts70011_authorize": after(world.Support, change{"scope": "https://outlook.office.com/.default https://outlook.office.com/SMTP.Send"}, nil),
	"aadsts650052":          after(world.Support, nil, func(s *world.State) { s.Tenants[0].WithoutExchange = true }),
	"aadsts500011":          redeems(func(s *world.State) { s.Tenants[0].WithoutExchange = true }, nil),
	"aadsts500011 address":  after(world.Support, change{"scope": "https://outlook.example/IMAP.AccessAsUser.All"}, nil),
	"aadsts900561": func(b *bench) (string, string) {
		return b.window().Open("/" + b.tenant + "/oauth2/v2.0/token").said()
	},
	"aadsts50089": func(b *bench) (string, string) {
		p := b.window().Open(b.request(nil))
		b.at = b.at.Add(world.FlowLife + time.Second)
		return b.signIn(p, world.Support).said()
	},

	"aadsts50058":      before("", change{"prompt": "none"}),
	"aadsts50126":      func(b *bench) (string, string) { return types(b, world.Support, "wrong") },
	"aadsts50034":      func(b *bench) (string, string) { return types(b, "nobody@lab.example", "x") },
	"aadsts50057":      func(b *bench) (string, string) { return types(b, world.Sales, "x") },
	"aadsts50055":      after(world.Support, nil, support(func(_ *world.State, u *world.User) { u.PasswordExpired = true })),
	"aadsts50020":      after(world.Stranger, nil, nil),
	"aadsts53003_page": after(world.Support, nil, policy(world.Blocked)),
	"aadsts53003_redirect": func(b *bench) (string, string) {
		return silently(b, policy(world.Blocked))
	},
	"aadsts53003_redemption": redeems(policy(world.BlockedLater), nil),
	"aadsts53003_refresh":    renews(0, policy(world.Blocked), nil),
	"aadsts50076":            after(world.Support, nil, policy(world.StrongAuthentication)),
	"aadsts50076_refresh":    renews(0, policy(world.StrongAuthentication), nil),
	"aadsts50079":            after(world.Support, nil, policy(world.StrongEnrolment)),
	"aadsts50105":            after(world.Support, nil, app(func(a *world.App) { a.AssignmentRequired = true })),
	"aadsts50057_refresh":    renews(0, support(func(_ *world.State, u *world.User) { u.Disabled = true }), nil),

	"aadsts65001":         redeems(app(func(a *world.App) { clear(a.UserConsent) }), nil),
	"aadsts65001_refresh": renews(0, app(func(a *world.App) { clear(a.UserConsent) }), nil),
	"aadsts65001_redirect": func(b *bench) (string, string) {
		return silently(b, app(func(a *world.App) { a.AdminConsent = nil }))
	},
	"aadsts65004": func(b *bench) (string, string) {
		return b.signIn(b.window().Open(b.request(nil)), world.Support).Press("Cancel", nil).said()
	},
	"admin_consent_declined": func(b *bench) (string, string) {
		return b.signIn(b.window().Open(b.adminConsent(nil)), world.Administrator).Press("Cancel", nil).said()
	},
	"aadsts90094": after(world.Support, nil, func(s *world.State) { s.Tenants[0].UserConsent, s.Tenants[0].ConsentNumber = false, true }),
	"need_admin_approval_page": func(b *bench) (string, string) {
		p := wall(b)
		text := strings.TrimPrefix(p.Text, p.Heading) // the title
		_, text, _ = strings.Cut(text, world.Support+" ")
		text, _, _ = strings.Cut(text, " Return to")
		return "", strings.Replace(text, "Need admin approval", "Need admin approval.", 1)
	},
	"cancel_without_number": func(b *bench) (string, string) {
		p := wall(b).Follow("Return to the application without granting consent")
		if p.Answer("error_subcode") != "cancel" {
			b.t.Errorf("error_subcode %q", p.Answer("error_subcode"))
		}
		return p.said()
	},

	"aadsts500112":       redeems(nil, change{"redirect_uri": callback + "/"}),
	"aadsts9001023":      proves("common", nil),
	"aadsts7000215":      proves("", change{"client_secret": "wrong"}),
	"aadsts7000215 code": redeems(nil, change{"client_secret": "wrong"}),
	"aadsts7000222": func(b *bench) (string, string) {
		b.state(app(func(a *world.App) { a.Slips.SecretLife = -time.Hour }))
		return proves("", nil)(b)
	},
	"aadsts7000218":         redeems(nil, change{"client_secret": ""}),
	"aadsts7000216":         proves("", change{"client_secret": ""}),
	"aadsts700025":          redeems(platform(world.Native), nil),
	"aadsts700027":          redeems(nil, change{"client_secret": "", "client_assertion": "x"}),
	"aadsts70003":           redeems(nil, change{"grant_type": "password"}),
	"aadsts28000":           redeems(nil, change{"scope": scopes + " https://graph.microsoft.com/User.Read"}),
	"aadsts70011":           redeems(nil, change{"scope": "https://outlook.office.com/IMAP.Everything"}),
	"aadsts1002012":         proves("", change{"scope": "https://graph.microsoft.com/User.Read"}),
	"aadsts9002327":         redeems(platform(world.SPA), nil),
	"aadsts501481":          redeems(nil, change{"code_verifier": verifier + "x"}),
	"aadsts9002313":         redeems(nil, change{"code": "abc"}),
	"aadsts70000_code":      redeems(func(s *world.State) { clear(s.Codes) }, nil),
	"aadsts700005":          redeems(func(s *world.State) { only(s.Codes).TenantID = "other" }, nil),
	"aadsts54005":           redeems(func(s *world.State) { only(s.Codes).Redeemed = true }, nil),
	"aadsts70008_code":      func(b *bench) (string, string) { return late(b) },
	"aadsts9002326":         func(b *bench) (string, string) { return fromBrowser(b) },
	"aadsts70000_refresh":   renews(0, func(s *world.State) { clear(s.Refresh) }, nil),
	"aadsts9002313_refresh": renews(0, nil, change{"refresh_token": "x"}),
	"aadsts50173":           renews(time.Second, support(func(s *world.State, u *world.User) { s.Revoke(u) }), nil),
	"aadsts700082":          renews(91*day, nil, nil),
	"aadsts700084":          func(b *bench) (string, string) { return singlePage(b) },
}

// types fills in the sign-in page.
func types(b *bench, email, password string) (string, string) {
	return b.window().Open(b.request(nil)).Press("Sign in", map[string]string{"Email": email, "Password": password}).said()
}

// silently asks again in a window that is signed in, after a change.
func silently(b *bench, state func(*world.State)) (string, string) {
	b.state(app(func(a *world.App) { a.ConsentForAll(a.Permissions) }))
	w := b.window()
	b.signIn(w.Open(b.request(nil)), world.Support)
	b.state(state)
	return w.Open(b.request(change{"prompt": "none"})).said()
}

func wall(b *bench) *page {
	b.state(func(s *world.State) { s.Tenants[0].UserConsent = false })
	return b.signIn(b.window().Open(b.request(nil)), world.Support)
}

func late(b *bench) (string, string) {
	code, secret := b.code(world.Support, nil), b.secret()
	b.at = b.at.Add(world.CodeLife + time.Second)
	return b.redeem(code, secret, nil).said()
}

func fromBrowser(b *bench) (string, string) {
	return b.post(b.tenant, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {b.app}, "client_secret": {b.secret()}, "code": {b.code(world.Support, nil)},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	}, func(r *http.Request) { r.Header.Set("Origin", "https://app.contoso.example") }).said()
}

func singlePage(b *bench) (string, string) {
	secret := b.secret()
	token := b.redeem(b.code(world.Support, nil), secret, nil).Refresh
	b.state(func(s *world.State) { each(s.Refresh, func(r *world.RefreshToken) { r.Platform = world.SPA }) })
	b.at = b.at.Add(25 * time.Hour)
	return b.post(b.tenant, url.Values{"grant_type": {"refresh_token"}, "client_id": {b.app}, "refresh_token": {token}},
		func(r *http.Request) { r.Header.Set("Origin", "https://app.contoso.example") }).said()
}

// matches compares what was said with one form of the item, variables apart.
func matches(said string, r corpus.Reply) bool {
	text := r.Description
	if len(r.Codes) > 0 && r.Where != corpus.AuthorizePage {
		text += corpus.Incident
	}
	pattern := regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(strings.Join(strings.Fields(text), " ")), `.+?`)
	return regexp.MustCompile("^" + pattern + "$").MatchString(strings.Join(strings.Fields(said), " "))
}

// Where a state leads to an answer, the state's words are the recorded ones.
func TestStateSpeaksAsRecorded(t *testing.T) {
	all, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	for name, do := range situations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id, _, _ := strings.Cut(name, " ")
			item, ok := all.Find(id)
			if !ok {
				t.Fatal("no such item")
			}
			code, said := do(newBench(t))
			fits := func(r corpus.Reply) bool {
				return matches(said, r) && (r.Where == corpus.AuthorizePage || code == r.Error)
			}
			if !slices.ContainsFunc(item.Replies(), fits) {
				t.Errorf("said %q %q\nlisted %q %q", code, said, item.Error, item.Description)
			}
		})
	}
}

// Each refusal that the simulator can give by state is compared above.
func TestEveryRefusalIsCompared(t *testing.T) {
	source, err := os.ReadFile("faults.go")
	if err != nil {
		t.Fatal(err)
	}
	all, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	compared := map[int]bool{}
	for name := range situations {
		id, _, _ := strings.Cut(name, " ")
		item, _ := all.Find(id)
		for _, n := range item.Codes {
			compared[n] = true
		}
	}
	numbers := regexp.MustCompile(`Number: (\d+)`).FindAllStringSubmatch(string(source), -1)
	if len(numbers) < 50 {
		t.Fatalf("%d numbers found in faults.go", len(numbers))
	}
	for _, m := range numbers {
		if n, err := strconv.Atoi(m[1]); err != nil || !compared[n] {
			t.Errorf("AADSTS%s is given by state and compared with no recording", m[1])
		}
	}
}

// The plain answers: throttling, a proxy in between, and success.
func TestStateAnswersInTheRecordedForm(t *testing.T) {
	all, err := corpus.Load()
	if err != nil {
		t.Fatal(err)
	}
	recorded := func(id string, variant int) corpus.Reply {
		item, ok := all.Find(id)
		if !ok {
			t.Fatalf("%s is gone", id)
		}
		return item.Replies()[variant]
	}
	body := func(r corpus.Reply) *regexp.Regexp {
		return regexp.MustCompile("^" + regexp.MustCompile(`\\\{[a-z_]+\\\}`).ReplaceAllString(regexp.QuoteMeta(r.Body), `[^"{}]+`) + "$")
	}
	own := func(b *bench) answer {
		return b.post(b.tenant, url.Values{
			"grant_type": {"client_credentials"}, "client_id": {b.app}, "client_secret": {b.secret()}, "scope": {"https://graph.microsoft.com/.default"},
		}, nil)
	}
	token := func(state func(*world.State), refresh bool) func(*bench) answer {
		return func(b *bench) answer {
			secret := b.secret()
			b.state(state)
			a := b.redeem(b.code(world.Support, nil), secret, nil)
			if refresh {
				a = b.refresh(a.Refresh, secret, nil)
			}
			if a.ExpiresIn < 3600 || a.ExpiresIn >= 5400 {
				b.t.Errorf("expires_in %d", a.ExpiresIn)
			}
			return a
		}
	}
	plain := func(*world.State) {}
	for name, tt := range map[string]struct {
		want corpus.Reply
		do   func(*bench) answer
	}{
		"throttled": {recorded("http_429_plain", 0), func(b *bench) answer {
			b.state(func(s *world.State) { s.Entra.Throttled = true })
			return own(b)
		}},
		"proxy": {recorded("proxy_502_html", 0), func(b *bench) answer {
			b.state(func(s *world.State) { s.Entra.BadProxy = true })
			return own(b)
		}},
		"own token":          {recorded("client_credentials_response", 0), own},
		"token":              {recorded("token_response", 0), token(plain, false)},
		"scopes reversed":    {recorded("token_response", 0), token(func(s *world.State) { s.Entra.ScopesReversed = true }, false)},
		"renewed":            {recorded("refresh_response", 0), token(plain, true)},
		"renewed without it": {recorded("refresh_response", 1), token(func(s *world.State) { s.Entra.NoNewRefresh = true }, true)},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			a := tt.do(b)
			wait := ""
			if tt.want.RetryAfter != 0 {
				wait = strconv.Itoa(tt.want.RetryAfter)
			}
			if !body(tt.want).MatchString(a.Raw) || a.Status != tt.want.Status || a.Header.Get("Content-Type") != tt.want.ContentType || a.Header.Get("Retry-After") != wait {
				t.Errorf("%d %s\nlisted %d %s", a.Status, a.Raw, tt.want.Status, tt.want.Body)
			}
		})
	}
}
