package wizard_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// servers is a setup whose step 1 names three servers beside our own.
func (b *bench) servers() setup.ID {
	id := b.start()
	b.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"mailbox_account"}, "mailboxes": {expected}, "sign_in_account": {expected}, "protocols": {"imap"},
		"servers": {"SRV2\nSVC1 services\nAPP1 application"},
	})
	b.answer(id, setup.StepAddresses, nil)
	b.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {"client-secret"}, "redirect_uris": {"http://localhost:8080/callback"},
	})
	return id
}

// block is a good one of SRV2.
func (b *bench) block() paste.ProbeBlock {
	host := provider.Entra.Hosts[setup.IMAP]
	return paste.ProbeBlock{Schema: 1, Server: "SRV2", Role: "all", Provider: "entra", At: b.now().Add(-time.Minute), Version: "test", Results: []paste.ProbeResult{
		{Protocol: "imap", Host: host.Host, Port: host.Port, MS: map[string]int64{"connect": 5}, Mechanisms: []string{"XOAUTH2"}},
	}}
}

// A block of another server counts for hours, and for the setup, server, role
// and provider that it was made for. Each refusal names its reason.
func TestPastedBlockIsFreshAndOfThisSetup(t *testing.T) {
	b := newBench(t, nil)
	id := b.servers()
	problem := func(name string, want setup.Problem, value string, change func(*paste.ProbeBlock)) {
		t.Helper()
		one := b.block()
		change(&one)
		err := b.PasteBlock(t.Context(), owner, id, one.String())
		var es setup.InputErrors
		if !errors.As(err, &es) || es[0].Problem != want || es[0].Value != value {
			t.Errorf("%s: %v, want %s of %q", name, err, want, value)
		}
	}
	fault := func(name string, want paste.Wrong, text string) {
		t.Helper()
		err := b.PasteBlock(t.Context(), owner, id, text)
		var pe *wizard.PasteError
		if !errors.As(err, &pe) || pe.Fault.Wrong != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	made := func(ago time.Duration) string {
		one := b.block()
		one.At = b.now().Add(-ago)
		return one.String()
	}
	problem("of another provider", "block_of_other_provider", "another, not entra", func(p *paste.ProbeBlock) { p.Provider = "another" })
	problem("of another server", "block_of_other_server", "SRV3", func(p *paste.ProbeBlock) { p.Server = "SRV3" })
	problem("our own", "block_of_this_server", "node1", func(p *paste.ProbeBlock) { p.Server = "node1" })
	problem("of a services server", "block_of_other_role", "APP1 (services, not application)", func(p *paste.ProbeBlock) { p.Server, p.Role = "APP1", "services" })
	problem("of an application server", "block_of_other_role", "SVC1 (application, not services)", func(p *paste.ProbeBlock) { p.Server, p.Role = "SVC1", "application" })
	problem("about other hosts", "block_of_other_hosts", "mail.contoso.example:993", func(p *paste.ProbeBlock) { p.Results[0].Host = "mail.contoso.example" })
	fault("yesterday's", paste.Old, made(7*time.Hour))
	fault("tomorrow's", paste.Future, made(-2*time.Hour))
	for _, none := range [][]paste.ProbeResult{nil, {}} {
		one := b.block()
		one.Results = none
		fault("without results", paste.PropertyValue, one.String())
	}
	fault("of another setup", paste.OtherSetup, stamped(b.block(), "zzzz"))
	for name, text := range map[string]func(setup.ID) string{
		"of this setup":  func(id setup.ID) string { return stamped(b.block(), string(id)) },
		"of the command": func(setup.ID) string { return b.block().String() },
		"five hours old": func(setup.ID) string { return made(5 * time.Hour) },
		"a fast clock":   func(setup.ID) string { return made(-30 * time.Minute) },
	} {
		id := b.servers()
		if err := b.PasteBlock(t.Context(), owner, id, text(id)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for server, role := range map[string]string{"SVC1": "all", "SRV2": "services", "APP1": "application", "svc1": ""} {
		one := b.block()
		one.Server, one.Role = server, role
		if err := b.PasteBlock(t.Context(), owner, id, one.String()); err != nil {
			t.Errorf("%s as %q: %v", server, role, err)
		}
	}
	problem("what is known already", "newer_block_known", "SVC1", func(p *paste.ProbeBlock) { p.Server, p.At = "SVC1", p.At.Add(-time.Hour) })
}

// stamped is a block that names the setup, as the network script prints it.
func stamped(b paste.ProbeBlock, id string) string {
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	body := strings.Join(lines[1:len(lines)-2], "\n")
	body = strings.Replace(body, "{", `{"setup": "`+id+`",`, 1)
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(body), "")))
	return lines[0] + "\n" + body + "\nsum " + hex.EncodeToString(sum[:8]) + "\n" + lines[len(lines)-1] + "\n"
}

// What another server has seen gives the findings that our own node would.
func TestPastedBlockIsJudgedLikeOurOwnNode(t *testing.T) {
	b := newBench(t, func(o *wizard.Options) { o.Providers[0].Issuers = provider.Entra.Issuers })
	for name, tt := range map[string]struct {
		change func(*paste.ProbeResult)
		want   string
	}{
		"as it should be":    {func(r *paste.ProbeResult) { r.Issuer = "CN=DigiCert Cloud Services CA-1, O=DigiCert Inc, C=US" }, ""},
		"opened by a device": {func(r *paste.ProbeResult) { r.Issuer = "CN=Zscaler Intermediate Root CA" }, "tls_intercepted"},
		"one family closed": {func(r *paste.ProbeResult) {
			r.Families = []paste.ProbeFamily{{Family: "ipv4", Address: "192.0.2.1", MS: 9}, {Family: "ipv6", Address: "2001:db8::1", MS: 8000, Kind: "timeout"}}
		}, "address_family_blocked"},
		"no route for a family": {func(r *paste.ProbeResult) {
			r.Families = []paste.ProbeFamily{{Family: "ipv4", Address: "192.0.2.1", MS: 9}, {Family: "ipv6", Address: "2001:db8::1", Kind: "unreachable"}}
		}, ""},
		"slow":       {func(r *paste.ProbeResult) { r.MS = map[string]int64{"connect": 2500} }, "server_slow"},
		"no XOAUTH2": {func(r *paste.ProbeResult) { r.Mechanisms = []string{"PLAIN"} }, "xoauth2_not_offered"},
		"closed":     {func(r *paste.ProbeResult) { r.Kind, r.Stage, r.Line = "timeout", "connect", "no answer" }, "port_blocked"},
		"busy": {func(r *paste.ProbeResult) {
			r.Kind, r.Stage, r.Line = "refused_by_server", "greeting", "* BYE [UNAVAILABLE] try again later"
		}, "mail_server_busy"},
	} {
		t.Run(name, func(t *testing.T) {
			id := b.servers()
			one := b.block()
			tt.change(&one.Results[0])
			if err := b.PasteBlock(t.Context(), owner, id, one.String()); err != nil {
				t.Fatal(err)
			}
			st, _ := b.view(id).Step(setup.StepNetwork)
			for _, c := range st.Checks {
				if c.Check != check.Network || c.Target.Server != "SRV2" || c.Target.Protocol != setup.IMAP {
					continue
				}
				var got []string
				for _, f := range c.Result.Findings {
					got = append(got, f.Code())
				}
				if strings.Join(got, " ") != tt.want {
					t.Errorf("found %q, want %q", got, tt.want)
				}
			}
		})
	}
}
