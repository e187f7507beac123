package web_test

import (
	"testing"

	"latchkey/internal/setup"
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
	e := s.view(id).Setup.Application
	entries := map[string][]string{
		"product": {e.Product}, "method": {string(e.Method)}, "sign_in_account": {string(e.SignInAccount)}, "servers": {"SVC01"},
	}
	for _, m := range e.Mailboxes {
		entries["mailboxes"] = append(entries["mailboxes"], string(m))
	}
	for _, p := range e.Protocols {
		entries["protocols"] = append(entries["protocols"], string(p))
	}
	s.answer(id, setup.StepApplication, entries)
	has(t, "with a server", owner.Get("/m/"+string(id)+"/network"),
		"latchkey probe --cloud "+cloud, " --node SVC01", "$server = &#39;SVC01&#39;", "not:SERVER-NAME")
}
