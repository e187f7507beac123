package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/internal/report"
	"latchkey/internal/setup"
	"latchkey/internal/token"
)

// hostile is a registered address as somebody may paste it.
const hostile = "https://other.example/<script>alert(1)</script>|[x](y)"

// TestCommandsOnSetups runs the commands that look at setups on one that is
// done and on one that is blocked, while the server runs, and stops it.
func TestCommandsOnSetups(t *testing.T) {
	c := &test{site: newSite(t)}
	c.start()
	c.claim()
	registration := c.registration()
	clientSecret := registration.Get("client_secret")

	bad := c.begin()
	c.id = bad
	form := c.application()
	form.Set("mailboxes", "support@lab.example")
	c.submit("application", form)
	c.submit("addresses", nil)
	registration.Set("redirect_uris", hostile)
	c.submit("registration", registration)

	c.toSignIn()
	good := c.id
	link := c.link()
	address := c.confirm(link)
	back := c.atMicrosoft(address)
	c.finish(back)
	g := c.grant(token.Current)
	c.submit("handover", url.Values{"key": {string(setup.KeepWatchman)}})
	c.looksUntil("handover", "done")

	quiet := watched{c, append(c.secretsAtMicrosoft(back), clientSecret, strings.TrimPrefix(link, "/w/"), g.Token.Access.Reveal(), g.Token.Refresh.Reveal(), "a quiet harbour at dusk")}
	command, has := quiet.command, func(what, text string, wanted ...string) {
		t.Helper()
		for _, w := range wanted {
			if !strings.Contains(text, w) {
				t.Errorf("%s has no %q:\n%s", what, w, text)
			}
		}
	}

	has("the list", command(0, "setups"), string(good)+"  sales@lab.example    Done", string(bad)+"  support@lab.example  Needs attention")
	var list report.List
	if err := json.Unmarshal([]byte(command(0, "setups", "--json")), &list); err != nil || list.Schema != 1 || len(list.Setups) != 2 {
		t.Errorf("the list: %v, %+v", err, list)
	}

	has("md", command(0, "report", string(bad)), "# Report on support@lab.example\n", "A problem stops the setup.", "## Problem: ",
		"`redirect_uri_not_listed` · ", "> registered: `"+hostile+"`")
	has("md", command(0, "report", "sales@lab.example", "--format", "md"), "Mail flows. Nobody has to act.", "| Hand-over | Done | ")
	has("txt", command(0, "report", string(bad), "--format", "txt"), "\n- Problem: The pasted list does not contain the redirect URI", "Entra application: Needs attention\n")
	has("txt", command(0, "report", string(good[:6]), "--format", "txt"), "Mail flows. Nobody has to act.\n", "Hand-over: Done\n")

	page := command(0, "report", string(bad), "--format", "html")
	has("html", page, "<!doctype html>", "Report on support@lab.example", "&lt;script&gt;alert(1)&lt;/script&gt;")
	if strings.Contains(page, "<script>alert") {
		t.Error("html: what was pasted became markup")
	}
	for _, far := range []string{"/static/", "<script", "<form", "href=\"/"} {
		if strings.Contains(page, far) {
			t.Errorf("html: the file does not stand alone, it holds %s", far)
		}
	}
	has("html", command(0, "report", string(good), "--format", "html"), "Working", "sales@lab.example")

	for id, ok := range map[setup.ID]bool{good: true, bad: false} {
		var d report.Document
		if err := json.Unmarshal([]byte(command(0, "report", string(id), "--format", "json")), &d); err != nil {
			t.Fatal(err)
		}
		if d.Schema != 1 || d.OK != ok || d.Blocked() == ok || len(d.Steps) != 8 || d.Setup.ID != string(id) {
			t.Errorf("json of %s: schema %d, ok %v, blocked %v, %d steps", d.Setup.Title, d.Schema, d.OK, d.Blocked(), len(d.Steps))
		}
	}

	has("check", command(1, "check", string(bad)), "3 Entra application: Needs attention\n", "(redirect_uri_not_listed)\n", "      [registered] "+hostile+"\n")
	has("check", command(0, "check", string(good)), "8 Hand-over: Done\n")
	has("check", command(1, "check", string(bad), "--json"), `"schema": 1,`, `"code": "redirect_uri_not_listed"`)
	c.refusesOtherConfigurations(good)
	has("probe", command(0, "probe"), "-----BEGIN LATCHKEY PROBE-----", `"server": "NODE1"`)

	c.stop()
	if code := c.child.ProcessState.ExitCode(); code != exitClean {
		t.Errorf("after SIGTERM serve ends with %d: %s", code, c.output)
	}
	for i, s := range quiet.secrets {
		if strings.Contains(c.output.String(), s) {
			t.Errorf("secret %d is in the log", i)
		}
	}
}

// watched runs commands, and looks for secrets in what they print.
type watched struct {
	*test
	secrets []string
}

func (w watched) command(want int, args ...string) string {
	w.t.Helper()
	status, out := w.test.command(args...)
	if status != want {
		w.t.Errorf("%v: status %d, want %d", args, status, want)
	}
	for i, s := range w.secrets {
		if s == "" || strings.Contains(out, s) || strings.Contains(out, html.EscapeString(s)) {
			w.t.Errorf("%v: secret %d is empty or in the output", args, i)
		}
	}
	return out
}

// secretsAtMicrosoft are those that a sign-in leads past, up to the address it
// came back to.
func (c *test) secretsAtMicrosoft(back string) []string {
	c.t.Helper()
	u, err := url.Parse(back)
	if err != nil || u.Query().Get("code") == "" || u.Query().Get("state") == "" {
		c.t.Fatalf("no code in %s: %v", back, err)
	}
	list := []string{u.Query().Get("code"), u.Query().Get("state")}
	for _, a := range c.lab.Info().Accounts {
		if a.Password != "" { // nobody signs in as the shared mailbox
			list = append(list, a.Password)
		}
	}
	return list
}

// TestDemo runs the demo as a process: what it says first, that it serves, that
// a key nobody keeps is nothing to warn of, and that nothing is left behind.
func TestDemo(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	left := t.TempDir()
	child := exec.Command(self, "demo", "--listen", "localhost:0", "--json", "--scenario", "imap_disabled")
	child.Env = append(os.Environ(), "LATCHKEY_TEST_CHILD=1", "TMPDIR="+left)
	var messages output
	child.Stderr = &messages
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() })
	overdue := time.AfterFunc(30*time.Second, func() { _ = child.Process.Kill() })
	defer overdue.Stop()
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("no line: %v\n%s", err, &messages)
	}
	var said struct {
		Schema    int               `json:"schema"`
		URL       string            `json:"url"`
		AdminLink string            `json:"admin_link"`
		Scenario  string            `json:"scenario"`
		Lab       map[string]string `json:"lab"`
		Accounts  []map[string]string
	}
	if err := json.Unmarshal(line, &said); err != nil {
		t.Fatal(err)
	}
	if said.Schema != 1 || said.Scenario != "imap_disabled" || !regexp.MustCompile(`^http://localhost:[1-9]\d*$`).MatchString(said.URL) ||
		!regexp.MustCompile(`^`+said.URL+`/claim/[a-z0-9]+$`).MatchString(said.AdminLink) || len(said.Accounts) == 0 {
		t.Errorf("demo says %s", line)
	}
	for _, key := range []string{"portal", "authority", "imap", "pop3", "smtp", "ca_file"} {
		if said.Lab[key] == "" {
			t.Errorf("demo does not tell the lab's %s", key)
		}
	}
	for _, key := range []string{"user", "password", "is"} {
		if len(said.Accounts) > 0 && said.Accounts[0][key] == "" {
			t.Errorf("demo does not tell an account's %s", key)
		}
	}
	if response, err := http.Get(said.AdminLink); err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("the link answers %v, %v", response, err)
	} else {
		_ = response.Body.Close()
	}
	// The configuration beside its data is the one it runs with.
	if file, err := filepath.Glob(left + "/latchkey-demo-*/demo.toml"); err != nil || len(file) != 1 {
		t.Errorf("the demo's configuration: %v, %v", file, err)
	} else {
		var out, errs bytes.Buffer
		if status := run(t.Context(), []string{"setups", "--config", file[0]}, terminal{Out: &out, Err: &errs}); status != exitClean {
			t.Errorf("with the demo's configuration: status %d: %s", status, &errs)
		}
	}
	if err := child.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := child.Wait(); err != nil {
		t.Errorf("after SIGTERM the demo ends with %v: %s", err, &messages)
	}
	if text := messages.String(); text != "" {
		t.Errorf("the demo has something to say:\n%s", text)
	}
	if files, err := os.ReadDir(left); err != nil || len(files) > 0 {
		t.Errorf("the demo leaves %v, %v", fmt.Sprint(files), err)
	}
}
