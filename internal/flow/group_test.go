package flow

import (
	"slices"
	"testing"

	"latchkey/internal/check"
	"latchkey/internal/finding"
)

var portClosed = &finding.Definition{Code: "port", Severity: finding.Blocker, Params: []string{"server", "port"}}

func closed(server, port string) CheckState {
	f := finding.New(portClosed, "server", server, "port", port).With(server, "refused", "")
	return CheckState{
		Check: check.Network, Target: check.Target{Server: server}, Current: true,
		Result: &Result{Findings: []finding.Finding{f}},
	}
}

var (
	notSeen = &finding.Definition{Code: "send_as", Severity: finding.Note, Params: []string{"account", "mailbox"}}
	granted = &finding.Definition{
		Code: "grant", Severity: finding.Blocker, Params: []string{"mailbox"}, Command: "Add-MailboxPermission {{.mailbox}}",
	}
)

func TestOneCauseIsOneCard(t *testing.T) {
	s := StepState{}
	for _, mailbox := range []string{"sales@contoso.example", "info@contoso.example"} {
		s.Checks = append(s.Checks, CheckState{Check: check.Network, Target: check.Target{Server: mailbox}, Current: true, Result: &Result{
			Findings: []finding.Finding{
				finding.New(notSeen, "account", "svc@contoso.example", "mailbox", mailbox),
				finding.New(granted, "mailbox", mailbox),
			},
		}})
	}
	var got []string
	for _, g := range s.Groups() {
		got = append(got, g.Finding.Code()+" "+g.Finding.Params["mailbox"])
	}
	// A command acts on one mailbox, so each of its cards keeps its own.
	want := []string{"grant sales@contoso.example", "grant info@contoso.example", "send_as sales@contoso.example, info@contoso.example"}
	if !slices.Equal(got, want) {
		t.Errorf("groups %q, want %q", got, want)
	}
}

func TestServersWithOneClosedPortAreOneCard(t *testing.T) {
	note := &finding.Definition{Code: "note", Severity: finding.Note}
	s := StepState{Checks: []CheckState{
		{Check: check.Release, Current: true, Result: &Result{Findings: []finding.Finding{finding.New(note)}}},
		closed("APP02", "443"), closed("APP04", "443"), closed("APP04", "993"), closed("APP02", "443"),
	}}
	outdated := closed("APP09", "443")
	outdated.Current = false
	s.Checks = append(s.Checks, outdated)

	var got []string
	for _, g := range s.Groups() {
		got = append(got, g.Finding.Code()+" "+g.Finding.Params["server"]+" "+g.Finding.Params["port"])
	}
	want := []string{"port APP02, APP04 443", "port APP04 993", "note  "}
	if !slices.Equal(got, want) {
		t.Errorf("groups %q, want %q", got, want)
	}
	first := s.Groups()[0]
	if len(first.Checks) != 3 || len(first.Finding.Evidence) != 2 {
		t.Errorf("%d checks and %d pieces of evidence, want 3 and 2", len(first.Checks), len(first.Finding.Evidence))
	}
	if one := s.Checks[1].Result.Findings[0]; one.Params["server"] != "APP02" || len(one.Evidence) != 1 {
		t.Errorf("merging has changed the stored result: %+v", one)
	}
}
