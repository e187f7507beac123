package bench_test

import (
	"fmt"
	"html"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/e2e/bench"
)

// callback stands for the application that a sign-in returns to.
func callback(t *testing.T) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "application", Value: "x"})
		fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Back</title><p>Back with %s</p>`,
			strings.Join(slices.Sorted(func(yield func(string) bool) {
				for k := range r.URL.Query() {
					if !yield(k) {
						return
					}
				}
			}), ", "))
	})
}

func TestSignInInAPrivateWindowSharesNothing(t *testing.T) {
	app := callback(t)
	op := bench.StartOP(t, bench.OPOptions{RedirectURIs: []string{app.URL}})
	b := bench.StartBrowser(t)
	authorize := op.Issuer + "/auth?" + url.Values{
		"client_id": {op.ClientID}, "response_type": {"code"}, "redirect_uri": {app.URL}, "scope": {"openid " + bench.ScopeIMAP},
		"state": {"s"}, "code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
	}.Encode()

	first, second := b.Context(t), b.Context(t)
	first.Goto(authorize)
	first.Fill("Email", bench.A)
	first.Fill("Password", "wrong")
	first.Press("Sign in")
	first.WaitText("The email or the password is wrong.")
	first.Fill("Email", bench.A) // replaces what stands there
	first.Fill("Password", op.Password(bench.A).Reveal())
	first.Press("Sign in")
	first.WaitText("Signed in as a@lab.test. The application asks for: openid " + bench.ScopeIMAP)
	first.Press("Allow")
	first.WaitText("Back with code, iss, state")

	// The session is remembered in this context, and only there.
	first.Goto(authorize)
	first.WaitText("Back with code, iss, state")
	second.Goto(authorize)
	second.WaitText("Sign in")
	session := func(name string) bool { return strings.HasPrefix(name, "_session") }
	if names := first.CookieNames(); !slices.ContainsFunc(names, session) || !slices.Contains(names, "application") {
		t.Errorf("cookies of the first context: %q", names)
	}
	if names := second.CookieNames(); slices.ContainsFunc(names, session) || slices.Contains(names, "application") || len(names) == 0 {
		t.Errorf("cookies of the second context: %q", names)
	}

	second.Fill("Email", bench.B)
	second.Fill("Password", "any")
	second.Press("Sign in")
	second.WaitText("This account is blocked from signing in.")
	second.Press("Cancel")
	second.WaitText("Back with error, error_description, iss, state")

	// Asked to sign in again, another person does, in the same context.
	first.Goto(authorize + "&prompt=login")
	first.Fill("Email", bench.C)
	first.Fill("Password", op.Password(bench.C).Reveal())
	first.Press("Sign in")
	first.WaitText("Signed in as c@lab.test.")
	first.Press("Cancel")
	first.WaitText("Back with error, error_description, iss, state")

	// JavaScript is not needed.
	third := b.Context(t)
	third.NoScript()
	third.Goto(authorize + "&prompt=select_account")
	third.Fill("Email", bench.C)
	third.Fill("Password", op.Password(bench.C).Reveal())
	third.Press("Sign in")
	third.Press("Allow")
	third.WaitText("Back with code, iss, state")
	if !strings.HasPrefix(third.URL(), app.URL+"/?code=") {
		t.Error("the address bar does not show the callback")
	}
}

const controls = `<!doctype html>
<html lang="en"><head><title>Controls</title>
<style>body { color: #000; background: #fff } @media (prefers-color-scheme: dark) { body { color: #fff; background: #000 } }
.over { position: fixed; inset: auto 0 0 0; height: 3rem; background: #fff }</style></head>
<body><main><h1>Controls</h1>
<form method="post" action="/sent">
<p><label>Name <input name="name" value="old"></label></p>
<p><label for="note">Note</label> <textarea id="note" name="note"></textarea></p>
<fieldset><legend>Kind</legend>
<label><input type="radio" name="kind" value="one"> One</label>
<label><input type="radio" name="kind" value="two"> Two</label></fieldset>
<p><label><input type="checkbox" name="agree" value="yes"> Agree</label></p>
<p hidden><button name="hidden" value="1">Send</button></p><p aria-hidden="true"><button tabindex="-1" name="silent" value="1">Send</button></p>
<p><button>Send</button> <a href="/slow">Slow page</a></p>
</form>
<details><summary>More</summary><p>Hidden text</p></details>
<p id="later"></p>
</main>
<script>setTimeout(() => { document.getElementById("later").textContent = "Script ran" }, 50)</script>
</body></html>`

func TestControlsAreFoundByNameAndWorkWithAndWithoutScript(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, controls)
		case "/sent":
			_ = r.ParseForm()
			fmt.Fprintf(w, `<!doctype html><html lang="en"><title>Sent</title><p>Got %s</p>`, html.EscapeString(r.PostForm.Encode()))
		case "/slow": // streamed: its end comes when the browser leaves
			fmt.Fprint(w, `<!doctype html><html lang="en"><title>Slow</title><p>First part</p><a href="/">Back</a>`)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}
	})
	b := bench.StartBrowser(t)
	for _, script := range []bool{true, false} {
		t.Run(fmt.Sprintf("script=%v", script), func(t *testing.T) {
			p := b.Context(t)
			if !script {
				p.NoScript()
			}
			p.Goto(server.URL)
			if script {
				p.WaitText("Script ran")
			}
			p.Press("More")
			p.WaitText("Hidden text")
			p.Follow("Slow page")
			p.WaitText("First part")
			p.Follow("Back")
			p.Fill("Name", "new name")
			p.Fill("Note", "two\nlines")
			p.Choose("Two")
			p.Check("Agree")
			if got := p.Text(); strings.Contains(got, "Script ran") && !script {
				t.Error("a script ran")
			}
			p.Press("Send")
			p.WaitText("Got agree=yes&kind=two&name=new+name&note=two%0D%0Alines")
		})
	}
}

func TestKeyboardAlone(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_ = r.ParseForm()
			fmt.Fprintf(w, "<!doctype html><title>Sent</title><p>Got %s</p>", html.EscapeString(r.PostForm.Encode()))
			return
		}
		fmt.Fprint(w, controls)
	})
	p := bench.StartBrowser(t).Context(t)
	p.Goto(server.URL)
	p.WaitText("Slow page") // the last of the controls
	var stops []string
	for range 3 {
		p.Tab()
		role, name := p.Focused()
		stops = append(stops, role+" "+name)
		switch name {
		case "Note":
			p.Type("typed")
		case "One":
			p.Space()
		}
	}
	p.Tab()
	p.Tab()
	if role, name := p.Focused(); role != "button" || name != "Send" {
		t.Errorf("the fifth stop is %s %q", role, name)
	}
	if got, want := strings.Join(stops, ", "), "textbox Name, textbox Note, radio One"; got != want {
		t.Errorf("stops: %s, want %s", got, want)
	}
	p.Enter()
	p.WaitText("Got kind=one&name=old&note=typed")
}

func TestProblemsOfAPageAreSeen(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/policy":
			w.Header().Set("Content-Security-Policy", "default-src 'none'")
			fmt.Fprint(w, `<!doctype html><title>t</title><style>p { color: red }</style><p>ready</p>`)
		case "/exception":
			fmt.Fprint(w, `<!doctype html><title>t</title><p>ready</p><script>console.log("hello", 1); throw new Error("broken")</script>`)
		case "/barriers":
			fmt.Fprint(w, `<!doctype html><title>t</title><style>button { width: 9px; height: 9px; padding: 0; border: 0; margin: 0 }</style><p style="color:#666;background:#fff">ready</p><img src="/x.png"><button aria-label="a"></button><button aria-label="b"></button>`)
		case "/fine":
			fmt.Fprint(w, controls)
		}
	})
	p := bench.StartBrowser(t).Context(t)
	for path, want := range map[string]string{"/policy": "content security policy: style-src-elem", "/exception": "exception: Uncaught Error: broken"} {
		p.Goto(server.URL + path)
		p.WaitText("ready")
		var problems []string
		if !eventually(func() bool { problems = append(problems, p.Problems()...); return len(problems) > 0 }) || !strings.HasPrefix(problems[0], want) {
			t.Errorf("%s: problems %q, want %q", path, problems, want)
		}
	}
	if lines := p.Console(); !slices.Contains(lines, `log: "hello" 1`) {
		t.Errorf("console: %q", lines)
	}

	p.Goto(server.URL + "/barriers")
	var ids []string
	for _, v := range p.Axe() {
		ids = append(ids, v.ID)
	}
	for _, want := range []string{"html-has-lang", "image-alt", "color-contrast-enhanced", "target-size"} {
		if !slices.Contains(ids, want) {
			t.Errorf("axe does not find %s, only %q", want, ids)
		}
	}
	p.Goto(server.URL + "/fine")
	if v := p.Axe(); len(v) != 0 {
		t.Errorf("axe finds on a plain page: %+v", v)
	}
}

func TestScreenshotShowsSizeAndColours(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, controls) })
	p := bench.StartBrowser(t).Context(t)
	p.Goto(server.URL)
	for name, dark := range map[string]bool{"light.png": false, "dark.png": true} {
		path := filepath.Join(t.TempDir(), name)
		p.Screenshot(path, 320, 700, dark)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if size := img.Bounds().Size(); size.X != 320 || size.Y < 700 {
			t.Errorf("%s is %v", name, size)
		}
		if r, _, _, _ := img.At(319, 2).RGBA(); (r == 0) != dark {
			t.Errorf("%s: red of the background is %d", name, r)
		}
	}
}

// serve starts a site on localhost, in its own site as seen from the provider.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/favicon.ico" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		h(w, r)
	}))
	t.Cleanup(server.Close)
	server.URL = strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	return server
}
