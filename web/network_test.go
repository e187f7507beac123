package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"latchkey/internal/paste"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/web"
)

// The page gives a script and a command whose results it takes: for the
// sign-in service of this setup, also before any server is named.
func TestNetworkScriptAndCommandFitTheSetup(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	cloud := s.view(id).Provider.ID
	has(t, "without a server", owner.Get("/m/"+string(id)+"/network"),
		"latchkey probe --cloud "+cloud+" --role services --node SERVER-NAME", "$server = &#39;SERVER-NAME&#39;", `/application">Name a server</a>`)
	s.servers(id, "SVC01")
	has(t, "with a server", owner.Get("/m/"+string(id)+"/network"),
		"latchkey probe --cloud "+cloud, " --node SVC01", "$server = &#39;SVC01&#39;", "not:SERVER-NAME", "not:alone. For another server")
	// A block says for which server it was made: each has a script of its own.
	s.servers(id, "NODE1\nAPP1 application\nSVC01 services")
	path := "/m/" + string(id) + "/network"
	has(t, "of the first", owner.Get(path), "$server = &#39;APP1&#39;", "--role application --node APP1",
		"for APP1 alone. For another server", path+"?server=SVC01#servers-name", "not:server=NODE1", "not:server=APP1")
	for _, name := range []string{"SVC01", "svc01"} {
		has(t, "of the second", owner.Get(path+"?server="+name), "$server = &#39;SVC01&#39;", "--role services --node SVC01", "?server=APP1#servers-name", `<details class="fold" open>`)
	}
	has(t, "of nobody", owner.Get(path+"?server=%3Cb%3E"), "$server = &#39;APP1&#39;", "not:<b>")
}

// servers names servers in step 1.
func (s *stand) servers(id setup.ID, lines string) {
	s.t.Helper()
	e := s.view(id).Setup.Application
	entries := map[string][]string{
		"product": {e.Product}, "method": {string(e.Method)}, "sign_in_account": {string(e.SignInAccount)}, "servers": {lines},
	}
	for _, m := range e.Mailboxes {
		entries["mailboxes"] = append(entries["mailboxes"], string(m))
	}
	for _, p := range e.Protocols {
		entries["protocols"] = append(entries["protocols"], string(p))
	}
	s.answer(id, setup.StepApplication, entries)
}

// A block that is refused stays in the field, and the page says why. One that
// is taken shows what that server has seen.
func TestNetworkSaysWhyABlockIsRefused(t *testing.T) {
	s := newStand(t, func(w *wizard.Options, _ *web.Options) { w.Providers[0].Issuers = provider.Entra.Issuers })
	owner := s.claimed()
	id := s.ready()
	s.servers(id, "SVC01 services")
	page := "/m/" + string(id) + "/network"
	imap := provider.Entra.Hosts[setup.IMAP]
	good := func() paste.ProbeBlock {
		return paste.ProbeBlock{Schema: 1, Server: "SVC01", Role: "services", Provider: "entra", At: s.now(), Version: "test", Results: []paste.ProbeResult{{
			Protocol: "imap", Host: imap.Host, Port: imap.Port, MS: map[string]int64{"connect": 5}, Mechanisms: []string{"XOAUTH2"}, Issuer: "CN=Zscaler Intermediate Root CA,O=Zscaler Inc.,C=US",
			Families: []paste.ProbeFamily{{Family: "ipv4", Address: "192.0.2.1", MS: 5}, {Family: "ipv6", Address: "2001:db8::1", MS: 8000, Kind: "timeout"}},
		}}}
	}
	for text, change := range map[string]func(*paste.ProbeBlock){
		"is still to come. Check the clock of that computer.": func(b *paste.ProbeBlock) { b.At = b.At.Add(3 * time.Hour) },
		"It is too old: it was printed at":                    func(b *paste.ProbeBlock) { b.At = b.At.Add(-7 * time.Hour) },
		"“results” is “0 results”. Expected: 1 to 64 results": func(b *paste.ProbeBlock) { b.Results = nil },
		"“results[0].kind” is “gremlins”":                     func(b *paste.ProbeBlock) { b.Results[0].Kind = "gremlins" },
		"“imap outlook.office365.com:993” stands in it twice": func(b *paste.ProbeBlock) { b.Results = append(b.Results, b.Results[0]) },
		"None of the connections in this block is needed":     func(b *paste.ProbeBlock) { b.Results[0].Port = 143 },
		"comes from NODE1, on which Latchkey runs":            func(b *paste.ProbeBlock) { b.Server = "NODE1" },
		"comes from SVC02, which this setup does not name":    func(b *paste.ProbeBlock) { b.Server = "SVC02" },
		"another role: SVC01 (application, not services)":     func(b *paste.ProbeBlock) { b.Role = "application" },
		"about another sign-in service: other, not entra":     func(b *paste.ProbeBlock) { b.Provider = "other" },
	} {
		b := good()
		change(&b)
		got := owner.Post(page+"/block", url.Values{"probe_block": {b.String()}})
		has(t, text, got, text, "BEGIN LATCHKEY PROBE")
		if got.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", text, got.Status)
		}
	}
	has(t, "taken", owner.Post(page+"/block", url.Values{"probe_block": {good().String()}}), "Somebody between SVC01 and outlook.office365.com seems to open the encrypted traffic", "Zscaler Intermediate Root CA",
		"SVC01 reaches outlook.office365.com on port 993 over IPv4, but not over IPv6",
		">Check SVC01 again with its script</a>", page+"?server=SVC01#servers-name")
	older := good()
	older.At = older.At.Add(-time.Hour)
	has(t, "older", owner.Post(page+"/block", url.Values{"probe_block": {older.String()}}), "A newer result of SVC01 is here already")
}
