package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// A request to the older endpoint names a service and no permissions: what it
// lacks by the rules of the newer one is no problem.
func TestTheOlderAddressIsJudgedByItsOwnRules(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	older := "https://login.microsoftonline.com/" + homeTenant + "/oauth2/authorize?client_id=" + clientID +
		"&response_type=code&redirect_uri=https%3A%2F%2Fece.contoso.example%2Foauth&prompt=login&resource=https%3A%2F%2Foutlook.office365.com"
	s.paste(owner, id, "addresses", "authorize_address", older)
	codes := s.found(id, setup.StepAddresses)
	if !slices.Contains(codes, "product_asks_by_registration") || strings.Contains(strings.Join(codes, " "), "product_scope") ||
		slices.Contains(codes, "product_asks_no_refresh_token") {
		t.Errorf("found %v", codes)
	}
}

func TestWhatWasPastedIsWithdrawn(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	path := "/m/" + string(id) + "/"
	withdraw := func(step string, beside url.Values) {
		t.Helper()
		beside.Set("save", "withdraw")
		if got := owner.Post(path+step, beside); got.Status != 200 || !strings.Contains(got.Body, "What was pasted is removed") ||
			strings.Contains(got.Body, "Remove what was pasted") {
			t.Errorf("%s: %d", step, got.Status)
		}
		s.settle(id)
	}
	pasted := func(step, field, text string) {
		t.Helper()
		if got := s.paste(owner, id, step, field, text); !strings.Contains(got.Body, "Remove what was pasted") {
			t.Errorf("%s: %d, and no way to take it back", step, got.Status)
		}
	}

	pasted("addresses", "authorize_address", authorizeAddress)
	withdraw("addresses", url.Values{"product_url": {"https://ece.contoso.example"}})
	v := s.view(id).Setup
	if v.Addresses.ProductSignIn != nil || v.Addresses.ProductRedirectURI != "" || v.Registration.ClientID != "" {
		t.Errorf("left of the address: %+v, client %q", v.Addresses, v.Registration.ClientID)
	}
	if codes := s.found(id, setup.StepAddresses); slices.Contains(codes, "product_scope_without_resource") {
		t.Errorf("its problems stand: %v", codes)
	}

	s.eceAddresses(id)
	pasted("registration", "registration_paste", blockOf(t, "REGISTRATION", registrationBlock(id, time.Now())))
	withdraw("registration", url.Values{})
	if r := s.view(id).Setup.Registration; r.App != nil || r.RedirectURIs != nil || r.ClientID != clientID {
		t.Errorf("left of the registration: %+v", r)
	}

	pasted("mailbox", "mailbox_block", blockOf(t, "MAILBOX", mailboxBlock(id, "mailbox_read", time.Now())))
	withdraw("mailbox", url.Values{})
	if m := s.view(id).Setup.Mailbox; m.Exchange != nil || m.Decision != "" {
		t.Errorf("left of the mailboxes: %+v", m)
	}

	// The page of a closed step has no form; what was sent to it counts all the same.
	s.paste(owner, id, "handover", "sign_in_log", "svc-mail@contoso.example "+clientID+" Success")
	withdraw("handover", url.Values{})
	if in := s.view(id).Setup.Handover.ProductSignedIn; in != nil {
		t.Errorf("left of the log: %+v", in)
	}
	if got := owner.Post(path+"network", url.Values{"save": {"withdraw"}}); got.Status != 404 {
		t.Errorf("a step without a paste answers %d", got.Status)
	}
}

// Answers that a person gave are not taken back with the paste.
func TestWithdrawingKeepsWhatWasAnswered(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.paste(owner, id, "addresses", "authorize_address", authorizeAddress)
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}})
	const typed = "https://ece.contoso.example/typed"
	owner.Post("/m/"+string(id)+"/addresses", url.Values{
		"save": {"withdraw"}, "revision": {wizard.StepBasis(s.view(id).Setup, setup.StepAddresses)},
		"product_url": {"https://ece.contoso.example"}, "console_url": {"https://ece.contoso.example"}, "product_redirect_uri": {typed},
	})
	v := s.view(id).Setup
	if v.Addresses.ProductSignIn != nil || v.Addresses.ProductRedirectURI != typed || v.Registration.ClientID != clientID {
		t.Errorf("kept %+v, client %q", v.Addresses, v.Registration.ClientID)
	}
}
