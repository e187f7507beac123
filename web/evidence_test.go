package web_test

import (
	"crypto/rand"
	"encoding/base64"
	"html"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"latchkey/internal/adminscript"
	"latchkey/internal/check"
	"latchkey/internal/locale"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

const authorizeAddress = "https://login.microsoftonline.com/" + homeTenant + "/oauth2/v2.0/authorize?client_id=" + clientID +
	"&response_type=code&redirect_uri=https%3A%2F%2Fece.contoso.example%2Foauth&state=planted-state-of-ece" +
	"&scope=IMAP.AccessAsUser.All%20https%3A%2F%2Foutlook.office.com%2FSMTP.Send%20offline_access&code_challenge=abc"

func TestTheProductsAddressIsLearnt(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.answer(id, setup.StepAddresses, wizard.Entries{
		"product_url": {"https://ece.contoso.example"}, "console_url": {"https://ece.contoso.example/system"},
	})
	got := s.paste(owner, id, "addresses", "authorize_address", "Look: "+authorizeAddress)
	if got.Status != 200 || !strings.Contains(got.Body, "The text was read") {
		t.Fatalf("%d: %s", got.Status, got.Body)
	}
	v := s.view(id)
	if a := v.Setup.Addresses; a.ProductSignIn == nil || a.ProductRedirectURI != "https://ece.contoso.example/oauth" ||
		v.Setup.Registration.ClientID != clientID {
		t.Errorf("learnt %+v, client %s", a, v.Setup.Registration.ClientID)
	}
	has(t, "step 3", owner.Get("/m/"+string(id)+"/registration"), "Filled in from the sign-in account", "Filled in from the address pasted in step 2")
	st, _ := v.Step(setup.StepRegistration)
	for _, c := range st.Checks {
		if c.Check == check.ProductClient && c.Current {
			t.Errorf("an address that fills in the client ID is compared with itself: %+v", c.Result)
		}
	}
	codes := strings.Join(s.found(id, setup.StepAddresses), " ")
	for _, want := range []string{"product_scope_without_resource", "product_signs_in_silently"} {
		if !strings.Contains(codes, want) {
			t.Errorf("found %s, not %s", codes, want)
		}
	}
	if strings.Contains(owner.Get("/m/"+string(id)+"/addresses").Body, "planted-state-of-ece") {
		t.Error("the state of the request is kept")
	}
	s.noSecretIn("planted-state-of-ece")
}

// A return address holds a live code: it is refused before anything else is
// looked at, and stands in no answer, log or database.
func TestAReturnAddressLeavesNoTrace(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	const live = "0.planted-live-code-of-the-product.xyz"
	for _, text := range []string{
		"https://ece.contoso.example/oauth?code=" + live + "&state=1",
		authorizeAddress + "\nhttps://ece.contoso.example/oauth?session_state=2&code=" + live,
		"https%3A%2F%2Fece.contoso.example%2Foauth%3Fcode%3D" + live,
	} {
		got := s.paste(owner, id, "addresses", "authorize_address", text)
		if got.Status != 422 || strings.Contains(got.Body, live) || !strings.Contains(got.Body, "one-time code") {
			t.Errorf("answered %d, code shown: %v", got.Status, strings.Contains(got.Body, live))
		}
	}
	if s.view(id).Setup.Addresses.ProductSignIn != nil {
		t.Error("something of it was used")
	}
	s.noSecretIn(live)
}

func TestTheRegistrationIsShown(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	whole := blockOf(t, "REGISTRATION", registrationBlock(id, time.Now()))
	manifest := `{"appId": "` + clientID + `", "displayName": "Mail", "signInAudience": "AzureADMultipleOrgs",
		"web": {"redirectUris": ["https://ece.contoso.example/oauth"]}, "spa": {"redirectUris": []}, "publicClient": {"redirectUris": []},
		"requiredResourceAccess": [], "passwordCredentials": [], "isFallbackPublicClient": null, "optionalClaims": null}`
	for name, tt := range map[string]struct {
		text, says string
	}{
		"empty":                               {"  ", "is empty"},
		"something else":                      {"Good morning, the registration is done.", "This is something else"},
		"cut":                                 {whole[:len(whole)/2], "Its end is missing"},
		"a line is gone":                      {strings.Replace(whole, "02/", "xx/", 1), "of the block is missing"},
		"changed":                             {strings.Replace(whole, "sum ", "sum 0", 1), "."},
		"another setup":                       {blockOf(t, "REGISTRATION", registrationBlock("abcdefghijklmnopqrstuvwxyz", time.Now())), "It belongs to another setup"},
		"last year":                           {blockOf(t, "REGISTRATION", registrationBlock(id, time.Now().AddDate(-1, 0, 0))), "Run the script again"},
		"of another step":                     {blockOf(t, "MAILBOX", mailboxBlock(id, "mailbox_read", time.Now())), "This block is for another step"},
		"half a manifest":                     {manifest[:120], "Copy it to its end"},
		"a manifest of an app without its ID": {strings.Replace(manifest, "appId", "x", 1), "“appId” is missing"},
	} {
		got := s.paste(owner, id, "registration", "registration_paste", tt.text)
		if got.Status != 422 || !strings.Contains(got.Body, tt.says) {
			t.Errorf("%s: %d, and it does not say %q", name, got.Status, tt.says)
		}
		if first := strings.TrimSpace(strings.Split(tt.text, "\n")[0]); !strings.Contains(got.Body, html.EscapeString(first)) {
			t.Errorf("%s: the text is not kept", name)
		}
		if s.view(id).Setup.Registration.App != nil {
			t.Fatalf("%s: it was taken", name)
		}
	}
	if got := s.paste(owner, id, "registration", "registration_paste", manifest); got.Status != 200 {
		t.Fatalf("manifest: %d %s", got.Status, got.Body)
	}
	reg := s.view(id).Setup.Registration
	if reg.ClientID != clientID || reg.App.Source != setup.FromManifest || reg.App.Audience != "AzureADMultipleOrgs" {
		t.Errorf("the manifest gave %+v", reg)
	}
	if got := s.paste(owner, id, "registration", "registration_paste", whole); got.Status != 200 {
		t.Fatalf("block: %d %s", got.Status, got.Body)
	}
	reg = s.view(id).Setup.Registration
	if reg.Tenant != homeTenant || reg.App.Source != setup.FromScript || len(reg.RedirectURIs) != 1 {
		t.Errorf("the block gave %+v", reg)
	}
}

// The client secret travels encrypted inside the block, and its key opens one
// secret only.
func TestTheSecretOfTheScript(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	owner.Post("/m/"+string(id)+"/registration/key", nil)
	public := adminscript.PublicKey(s.view(id).Setup.Registration.ScriptKey)
	if page := owner.Get("/m/" + string(id) + "/registration"); public == "" || !strings.Contains(page.Body, string(public)[:40]) {
		t.Fatal("the script does not hold the key")
	}
	block := func(key adminscript.PublicKey) string {
		sealed, err := adminscript.Encrypt(rand.Reader, key, secret.New(theSecret))
		if err != nil {
			t.Fatal(err)
		}
		b := registrationBlock(id, time.Now())
		b["secret"] = map[string]any{
			"key": sealed.KeyID, "cipher": base64.StdEncoding.EncodeToString(sealed.Cipher), "id": "aaaaaaaa-1111-4222-8333-9a0b1c2d3e4f",
			"ends": time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339),
		}
		return blockOf(t, "REGISTRATION", b)
	}
	other, err := adminscript.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	if got := s.paste(owner, id, "registration", "registration_paste", block(other.Public)); got.Status != 422 || !strings.Contains(got.Body, "older script") {
		t.Errorf("a secret for another key: %d", got.Status)
	}
	if got := s.paste(owner, id, "registration", "registration_paste", block(public)); got.Status != 200 {
		t.Fatalf("%d: %s", got.Status, got.Body)
	}
	reg := s.view(id).Setup.Registration
	if reg.SecretRevision != 1 || reg.ScriptKey != "" || reg.SecretEnds == "" {
		t.Errorf("after the block: %+v", reg)
	}
	if got := s.paste(owner, id, "registration", "registration_paste", block(public)); got.Status != 200 || s.view(id).Setup.Registration.SecretRevision != 1 {
		t.Error("the same block stored a second secret")
	}
	s.noSecretIn(theSecret)
}

func TestTheStateOfTheMailboxes(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	for name, text := range map[string]string{
		"cut":            blockOf(t, "MAILBOX", mailboxBlock(id, "mailbox_read", time.Now()))[:200],
		"another setup":  blockOf(t, "MAILBOX", mailboxBlock("abcdefghijklmnopqrstuvwxyz", "mailbox_read", time.Now())),
		"another script": blockOf(t, "MAILBOX", mailboxBlock(id, "registration", time.Now())),
	} {
		if got := s.paste(owner, id, "mailbox", "mailbox_block", text); got.Status != 422 || s.view(id).Setup.Mailbox.Exchange != nil {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	got := s.paste(owner, id, "mailbox", "mailbox_block", blockOf(t, "MAILBOX", mailboxBlock(id, "mailbox_repair", time.Now())))
	if got.Status != 200 {
		t.Fatalf("%d: %s", got.Status, got.Body)
	}
	m := s.view(id).Setup.Mailbox
	if m.Decision != setup.ByScript || !m.Exchange.Repaired || m.Exchange.By != "admin@contoso.example" {
		t.Errorf("read %+v", m)
	}
	open := s.ready()
	s.paste(owner, open, "mailbox", "mailbox_block", blockOf(t, "MAILBOX", mailboxBlock(open, "mailbox_repair", time.Now())))
	if codes := s.found(open, setup.StepMailbox); !slices.Equal(codes, []string{"imap_disabled", "rights_just_granted"}) {
		t.Errorf("found %v", codes)
	}
	page := owner.Get("/m/" + string(open) + "/mailbox").Body
	for _, want := range []string{"State of the mailbox", "sales@contoso.example", "Read by admin@contoso.example", "A script has read it"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	// The other ways stay open, and what was read can be chosen again.
	s.answer(open, setup.StepMailbox, wizard.Entries{"decision": {"verification"}})
	if codes := s.found(open, setup.StepMailbox); !slices.Equal(codes, []string{"mailbox_not_checked"}) {
		t.Errorf("by verification: %v", codes)
	}
	page = owner.Get("/m/"+string(open)+"/mailbox").Body + owner.Get("/m/"+string(open)).Body
	for text, want := range map[string]bool{
		"Not checked, left to step 7 by Owner": true, "Done, not checked": true, "Left to step 7 by Owner": true, "Stated by": false,
	} {
		if strings.Contains(page, text) != want {
			t.Errorf("left to the verification: %q is shown: %v", text, !want)
		}
	}
	s.answer(open, setup.StepMailbox, wizard.Entries{"decision": {"script"}})
	if m := s.view(open).Setup.Mailbox; m.By != "Owner" || m.Exchange.By != "admin@contoso.example" {
		t.Errorf("chosen again: %+v", m)
	}
	if codes := s.found(open, setup.StepMailbox); !slices.Contains(codes, "imap_disabled") {
		t.Errorf("chosen again: %v", codes)
	}
}

func TestWhatPeopleStateHasNameAndTime(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(wizard.Entries{"newest_special": {"yes"}, "guide_in_use": {"no"}})
	stated := s.view(id).Setup.Checklist
	if got := stated[setup.ItemNewestSpecial]; got.Standing != setup.StandingYes || got.By != "Owner" || got.At.IsZero() {
		t.Errorf("stated %+v", got)
	}
	if codes := strings.Join(s.found(id, setup.StepApplication), " "); codes != "guide_of_other_release" {
		t.Errorf("found %q", codes)
	}
	page := owner.Get("/m/" + string(id) + "/application").Body
	for _, want := range []string{"Stated by Owner", "Email and Routing Resources", "https://intranet.contoso.example/ece-guide"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}

// A checklist only: the same eight steps, two of which the product proves.
func TestChecklistOnly(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(wizard.Entries{"checklist_only": {"yes"}})
	s.eceAddresses(id)
	s.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "redirect_uris": {"https://ece.contoso.example/oauth"},
	})
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"verification"}})
	v := s.view(id)
	if len(v.Steps) != 8 {
		t.Fatalf("%d steps", len(v.Steps))
	}
	for _, step := range []setup.StepID{setup.StepSignIn, setup.StepVerification} {
		if st, _ := v.Step(step); len(st.Checks) != 0 {
			t.Errorf("%s checks %d things", step, len(st.Checks))
		}
		page := owner.Get("/m/" + string(id) + "/" + step.Path()).Body
		if st, _ := v.Step(step); st.Open && !strings.Contains(page, "Proved by Cisco ECE (eGain)") {
			t.Errorf("the page of %s does not say who proves it", step)
		}
		if st, _ := v.Step(step); st.Open && strings.Contains(page, "Password and second factor") {
			t.Errorf("the page of %s asks for a password", step)
		}
		if strings.Contains(page, "Make the link") || strings.Contains(page, "Save and verify") {
			t.Errorf("the page of %s asks for something", step)
		}
	}
	if st, _ := v.Step(setup.StepSignIn); !st.Open {
		t.Errorf("the sign-in is closed: %+v", st.Needs)
	}
	if page := owner.Get("/m/" + string(id) + "/registration").Body; strings.Contains(page, s.url+"/callback") {
		t.Error("our redirect URI is to be registered, and nobody signs in here")
	}
	if page := owner.Get("/m/" + string(id) + "/addresses").Body; strings.Contains(page, `id="redirect-uri"`) {
		t.Error("our redirect URI is offered, and nobody signs in here")
	}
	open := s.eceSetup(wizard.Entries{"checklist_only": {"yes"}})
	s.eceAddresses(open)
	has(t, "the banner", owner.Get("/m/"+string(open)), "Step 3 needs the client ID.", "not:client ID and the client secret")
}

func TestTheOfflinePageStandsAlone(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.eceAddresses(id)
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {theSecret}})
	owner.Post("/m/"+string(id)+"/registration/key", nil)
	got := owner.Get("/m/" + string(id) + "/offline.html")
	if got.Status != 200 || !strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%d %v", got.Status, got.Header)
	}
	for _, want := range []string{
		clientID, homeTenant, s.url + "/callback", "https://ece.contoso.example/oauth", "Set-CASMailbox", "Get-MailboxPermission", "Send back:",
		"It has not been seen running against Microsoft", "Under Delegation, add this account to Send as.",
	} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("the file lacks %q", want)
		}
	}
	for _, no := range []string{theSecret, "<script src", "<link rel", "PRIVATE KEY", `action="`} {
		if strings.Contains(got.Body, no) {
			t.Errorf("the file holds %q", no)
		}
	}
	s2 := s.eceSetup(nil) // nothing entered: no empty rows
	if body := owner.Get("/m/" + string(s2) + "/offline.html").Body; strings.Contains(body, "Application (client) ID") {
		t.Error("a value that is not there has a row")
	}
	if stranger := s.window().Get("/m/" + string(id) + "/offline.html"); strings.Contains(stranger.Body, clientID) {
		t.Error("a stranger reads it")
	}
}

func TestTheSignInLogSaysWhoseTokenItIs(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.eceSetup(nil)
	s.answer(id, setup.StepRegistration, wizard.Entries{"tenant": {homeTenant}, "client_id": {clientID}})
	for name, text := range map[string]string{
		"nobody in it": "Success 11/21/2026",
		"two people":   "a@contoso.example b@contoso.example",
		"a token":      "svc-mail@contoso.example eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJwbGFudGVkIjoiMSIsIm9pZCI6IjEyMzQ1Njc4OTAifQ.c2lnbmF0dXJlLW9mLXBsYW50ZWQtdG9rZW4",
	} {
		got := s.paste(owner, id, "handover", "sign_in_log", text)
		if got.Status != 422 || s.view(id).Setup.Handover.ProductSignedIn != nil {
			t.Errorf("%s: %d", name, got.Status)
		}
		if name == "a token" && strings.Contains(got.Body, "c2lnbmF0dXJl") {
			t.Error("the token is shown again")
		}
	}
	got := s.paste(owner, id, "handover", "sign_in_log", "2026-11-21T12:05:33Z,svc-mail@contoso.example,"+clientID+",Success")
	in := s.view(id).Setup.Handover.ProductSignedIn
	if got.Status != 200 || in == nil || in.User != "svc-mail@contoso.example" || in.AppID != clientID {
		t.Errorf("%d: %+v", got.Status, in)
	}
}

func TestTheCloudIsChangedInOneClick(t *testing.T) {
	p, _ := second(t)
	s := newStandWith(t, differs{providers: []provider.Provider{p}})
	owner := s.claimed()
	id := s.eceSetup(nil)
	path := "/m/" + string(id) + "/registration/cloud"
	if got := owner.Post(path, url.Values{"cloud": {"nowhere"}}); got.Status != 404 {
		t.Errorf("a cloud that is not configured: %d", got.Status)
	}
	owner.Post(path, url.Values{"cloud": {"second"}})
	if got := s.view(id).Setup.Registration.Cloud; got != "second" {
		t.Errorf("the cloud is %q", got)
	}
	s.settle(id)
}

// A token that is issued again takes back what was said about the old one.
func TestAReissueAsksAboutTheAliasAgain(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	s.signIn(owner, private, id)
	owner.Post("/m/"+string(id)+"/sign-in/accept", url.Values{"attempt": {s.attempt(id).ID}})
	s.settle(id)
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"ece"}, "release": {"12.6(1)"}, "specials": {"ES1"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap", "smtp"}, "guide_in_use": {"yes"},
	})
	if err := s.wizard.Answer(t.Context(), s.owner, wizard.Submit{
		Setup: id, Step: setup.StepHandover, Later: true, Entries: wizard.Entries{"alias_active": {"yes"}},
	}); err != nil {
		t.Fatal(err)
	}
	s.paste(owner, id, "handover", "sign_in_log", "svc-mail@contoso.example")
	if v := s.view(id).Setup; v.Checklist[setup.ItemAlias].Standing != setup.StandingYes || v.Handover.ProductSignedIn == nil {
		t.Fatalf("before: %+v", v.Checklist)
	}
	if err := s.wizard.StartReissue(t.Context(), s.owner, id); err != nil {
		t.Fatal(err)
	}
	s.settle(id)
	v := s.view(id).Setup
	if _, said := v.Checklist[setup.ItemAlias]; said || v.Handover.ProductSignedIn != nil {
		t.Errorf("what was said about the old token stands: %+v", v.Checklist)
	}
	if v.Checklist[setup.ItemGuide].Standing != setup.StandingYes {
		t.Error("what does not depend on the token was taken back too")
	}
}

// Every fault of a paste has a sentence: one without would end in an error page.
func TestEveryFaultOfAPasteHasItsSentence(t *testing.T) {
	source, err := os.ReadFile("../internal/paste/fault.go")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`Wrong\s+= "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(found) < 20 {
		t.Fatalf("only %d faults found", len(found))
	}
	for _, m := range found {
		if !slices.Contains(locale.Families["wrong"], m[1]) {
			t.Errorf("%s has no sentence", m[1])
		}
	}
}
