package web_test

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/provider"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// Who may paste: the second person what is theirs, an observer and a stranger
// nothing.
func TestWhoMayPaste(t *testing.T) {
	s := newStand(t)
	s.claimed()
	id := s.eceSetup(nil)
	guest := wizard.Who{Kind: wizard.WhoGuest, ID: "g", Name: "Guest", Setup: id, Role: wizard.RoleM365Admin}
	observer, stranger := guest, guest
	observer.Role, stranger.Setup = wizard.RoleObserver, "another"
	paste := func(who wizard.Who, step setup.StepID) error {
		return s.wizard.PasteEvidence(t.Context(), who, id, step, "nothing of the kind")
	}
	for name, tt := range map[string]struct {
		err       error
		forbidden bool
	}{
		"guest, registration":    {paste(guest, setup.StepRegistration), false},
		"guest, mailboxes":       {paste(guest, setup.StepMailbox), false},
		"guest, addresses":       {paste(guest, setup.StepAddresses), true},
		"guest, sign-in log":     {paste(guest, setup.StepHandover), true},
		"observer, registration": {paste(observer, setup.StepRegistration), true},
		"stranger, registration": {paste(stranger, setup.StepRegistration), true},
		"observer, key":          {s.wizard.NewScriptKey(t.Context(), observer, id), true},
		"stranger, cloud":        {s.wizard.ChooseCloud(t.Context(), stranger, id, "entra"), true},
	} {
		if got := errors.Is(tt.err, wizard.ErrForbidden); got != tt.forbidden {
			t.Errorf("%s: %v", name, tt.err)
		}
	}
	if err := s.wizard.PasteEvidence(t.Context(), s.owner, id, setup.StepNetwork, "x"); !errors.Is(err, wizard.ErrNotFound) {
		t.Errorf("a step that takes no paste: %v", err)
	}
}

// What a form does not ask for, or may not say, stays out of the answers.
func TestAnswersThatAreNotAsked(t *testing.T) {
	s := newStand(t)
	s.claimed()
	id := s.eceSetup(wizard.Entries{"guide_in_use": {"yes"}})
	again := wizard.Entries{
		"product": {"ece"}, "release": {"12.6(1)"}, "specials": {"ES1"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap", "smtp"}, "alias_active": {"yes"},
	}
	s.answer(id, setup.StepApplication, again)
	stated := s.view(id).Setup.Checklist
	if stated[setup.ItemGuide].Standing != setup.StandingYes {
		t.Error("a form that does not ask for the guide took the word back")
	}
	if _, said := stated[setup.ItemAlias]; said {
		t.Error("a point of another step was stated")
	}
	refused := func(step setup.StepID, e wizard.Entries, field setup.Field) {
		t.Helper()
		err := s.wizard.Answer(t.Context(), s.owner, wizard.Submit{Setup: id, Step: step, Entries: e, Confirmed: true})
		bad, ok := wizard.IsInput(err)
		if !ok || bad[0].Field != field {
			t.Errorf("%s took %v: %v", step, e, err)
		}
	}
	again["guide_in_use"] = []string{"perhaps"}
	refused(setup.StepApplication, again, "guide_in_use")
	refused(setup.StepMailbox, wizard.Entries{"decision": {"script"}}, "decision")
	delete(again, "guide_in_use")
	again["product"], again["checklist_only"] = []string{"other"}, []string{"yes"}
	s.answer(id, setup.StepApplication, again)
	if s.view(id).Setup.Application.ChecklistOnly {
		t.Error("a product without a sign-in of its own is a checklist only")
	}
}

// The manifest of another registration is judged and changes no answer.
func TestAnotherManifestChangesNoAnswer(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	s.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {theSecret}, "redirect_uris": {s.url + "/callback"},
	})
	other := `{"appId": "aaaaaaaa-aaaa-4bbb-8ccc-1d2e3f4a5b6c", "displayName": "Twin", "signInAudience": "AzureADMyOrg",
		"web": {"redirectUris": ["https://twin.contoso.example/"]}, "spa": {"redirectUris": []}, "publicClient": {"redirectUris": []},
		"requiredResourceAccess": [], "passwordCredentials": [], "isFallbackPublicClient": null, "optionalClaims": null}`
	if got := s.paste(owner, id, "registration", "registration_paste", other); got.Status != 200 {
		t.Fatalf("%d", got.Status)
	}
	reg := s.view(id).Setup.Registration
	if reg.ClientID != clientID || len(reg.RedirectURIs) != 1 || reg.RedirectURIs[0] != s.url+"/callback" {
		t.Errorf("the answers are now %+v", reg)
	}
	if codes := s.found(id, setup.StepRegistration); !slices.Contains(codes, "registration_of_other_client") {
		t.Errorf("found %v", codes)
	}
}

// Nobody chooses among national clouds while discovery has not failed.
func TestNationalCloudsAreNotAskedFor(t *testing.T) {
	s := newStandWith(t, differs{providers: []provider.Provider{provider.EntraUSGov, provider.EntraChina}})
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	page := owner.Get("/m/" + string(id) + "/registration").Body
	if strings.Contains(page, "GCC High") || strings.Contains(page, "21Vianet") {
		t.Error("the page asks for the cloud")
	}
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}})
	if got := s.view(id).Setup.Registration.Cloud; got != "entra" {
		t.Errorf("the cloud is %q", got)
	}
}

// A paste that meets an ended session waits in its field, beside the stored
// answers; one that may be live waits nowhere.
func TestAPasteSurvivesAnEndedSession(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}})
	s.pass(admin.IdleLimit)
	owner.Post("/m/"+string(id)+"/registration", url.Values{"registration_paste": {"half a manifest"}, "save": {"paste"}})
	owner.Post("/m/"+string(id)+"/addresses", url.Values{"authorize_address": {authorizeAddress}, "save": {"paste"}})
	for key, value := range s.data(owner) {
		if strings.Contains(value, "planted-state-of-ece") {
			t.Errorf("%s holds the address", key)
		}
	}
	owner.Post("/login", url.Values{"name": {"Owner"}, "password": {ownerPassword}})
	page := owner.Get("/m/" + string(id) + "/registration").Body
	if !strings.Contains(page, "half a manifest") || !strings.Contains(page, `value="`+clientID+`"`) {
		t.Errorf("the paste is kept: %v, the answers: %v", strings.Contains(page, "half a manifest"), strings.Contains(page, `value="`+clientID+`"`))
	}
}

// The paste and the answers stand in one form: whichever button is pressed,
// what was typed beside it is kept, also a client secret, which no page can
// show again.
func TestAPasteKeepsWhatIsTypedBesideIt(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	send := func(step setup.StepID, entries url.Values) shown {
		page := "/m/" + string(id) + "/" + step.Path()
		form := owner.Get(page).Body
		m := regexp.MustCompile(`name="revision" value="([0-9a-f]+)"`).FindStringSubmatch(form)
		if m == nil || strings.Count(form, `class="entries"`) != 1 {
			t.Fatalf("%s has not one form of entries", page)
		}
		entries.Set("revision", m[1])
		entries.Set("save", "paste")
		got := owner.Post(page, entries)
		s.settle(id)
		return got
	}
	send(setup.StepAddresses, url.Values{
		"product_url": {"https://ece.contoso.example"}, "console_url": {"https://ece.contoso.example/system"}, "authorize_address": {authorizeAddress},
	})
	if a := s.view(id).Setup.Addresses; a.ProductURL != "https://ece.contoso.example" || a.ConsoleURL == "" || a.ProductSignIn == nil ||
		a.ProductRedirectURI != "https://ece.contoso.example/oauth" {
		t.Errorf("after the paste the addresses are %+v", a)
	}
	s.eceAddresses(id)
	for _, text := range []string{"half a manifest", blockOf(t, "REGISTRATION", registrationBlock(id, time.Now()))} {
		send(setup.StepRegistration, url.Values{"tenant": {homeTenant}, "client_secret": {theSecret}, "registration_paste": {text}})
		reg := s.view(id).Setup.Registration
		if reg.SecretRevision == 0 || reg.Tenant != homeTenant {
			t.Errorf("after %.20q: %+v", text, reg)
		}
	}
	s.noSecretIn(theSecret)
}
