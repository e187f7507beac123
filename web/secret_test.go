package web_test

import (
	"net/url"
	"testing"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// The page with the one field says what became of the value, and ticks it only
// when the sign-in service has accepted it.
func TestTheSecretPageTellsTheResult(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	page := "/m/" + string(id) + "/registration/secret"
	save := func(value string) shown {
		t.Helper()
		owner.Post(page, url.Values{"client_secret": {value}})
		s.settle(id)
		return owner.Get(page + "/saved")
	}
	const tick, done = `class="stored"`, "Nothing more to do"
	has(t, "without a client ID", save(theSecret), "It was not checked yet", "not:"+tick, "not:"+done)

	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}})
	has(t, "accepted", owner.Get(page+"/saved"), tick, done, "not:It was not checked")
	has(t, "refused", save(refusedSecret), "not:"+tick, "not:"+done, "is-problem", "Enter another value")
}
