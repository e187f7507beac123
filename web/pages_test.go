package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// "Save for later" loses nothing: what can be used is saved, and what is half
// typed stands in the form again, also in another session.
func TestSaveForLaterKeepsWhatIsHalfTyped(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	made, err := s.wizard.Start(t.Context(), s.owner)
	if err != nil {
		t.Fatal(err)
	}
	page := "/m/" + string(made.ID) + "/application"
	got := owner.Post(page, url.Values{
		"save": {"later"}, "product": {"other"}, "mailboxes": {"sales@"}, "sign_in_account": {"svc@contoso.example"},
	})
	has(t, "the form", got, "Saved for later", ">sales@</textarea>", `value="svc@contoso.example"`)
	if a := s.view(made.ID).Setup.Application; a.SignInAccount != "svc@contoso.example" || len(a.Mailboxes) != 0 {
		t.Errorf("saved: %+v", a)
	}
	owner = s.window()
	owner.Post("/login", url.Values{"name": {"Owner"}, "password": {ownerPassword}})
	has(t, "the form after another login", owner.Get(page), ">sales@</textarea>")
	s.answer(made.ID, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc@contoso.example"}, "protocols": {"imap"},
	})
	has(t, "the form after it was saved", owner.Get(page), "not:>sales@</textarea>", "sales@contoso.example")
	owner.Post("/m/"+string(made.ID)+"/registration", url.Values{"save": {"later"}, "tenant": {"x"}, "client_secret": {"planted\x01secret"}})
	s.noSecretIn("planted\x01secret")
}

func TestASetupIsDeletedOnItsOwnPage(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	code, _, err := s.wizard.Invite(t.Context(), s.owner, id, wizard.RoleM365Admin)
	if err != nil {
		t.Fatal(err)
	}
	guest := s.window()
	guest.Post("/join/"+code, url.Values{"name": {"Ada"}})
	if err := s.wizard.Admit(t.Context(), s.owner, id, s.view(id).People[0].ID); err != nil {
		t.Fatal(err)
	}
	for _, got := range []shown{guest.Get(page + "/delete"), guest.Post(page+"/delete", nil)} {
		if got.Status != http.StatusForbidden {
			t.Errorf("a guest gets %d", got.Status)
		}
	}
	has(t, "the guest's overview", guest.Get(page), "not:Delete this setup")
	has(t, "the owner's overview", owner.Get(page), `href="`+page+`/delete">Delete this setup`)
	has(t, "the question", owner.Get(page+"/delete"), "cannot be brought back", `action="`+page+`/delete"`, "The access of 1 other person ends.")
	if got := owner.Get(page); got.Status != http.StatusOK {
		t.Fatalf("looking at the question deleted the setup: %d", got.Status)
	}
	got := owner.Post(page+"/delete", nil)
	has(t, "the list", got, "The setup is deleted.", "No mailbox yet")
	if got := owner.Get(page); got.Status != http.StatusNotFound {
		t.Errorf("the deleted setup answers %d", got.Status)
	}
	if got := guest.Get(page); strings.Contains(got.Body, "sales@contoso.example") {
		t.Error("the guest still sees the setup")
	}
}

func TestHelpNamesTheSteps(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	has(t, "help", owner.Get("/help"), "<h3>Version and account</h3>", "<h3>Hand-over</h3>")
}

// Whoever has lost the password, a link or an answer reads what to do now.
func TestDeadEndsLeadOn(t *testing.T) {
	s := newStand(t)
	code, err := s.admin.NewClaimLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	has(t, "an empty claim", s.window().Post("/claim/"+code.Reveal(), nil), "“Name” is empty.", "“Password” is too short.")
	owner := s.claimed()
	stranger := s.window()
	has(t, "the login", stranger.Get("/login"), "latchkey init --reset")
	has(t, "the used link", stranger.Get("/claim/"+code.Reveal()), "It was used, replaced, or it is too old.", `href="/">Sign in`, "not:cut off")
	for name, w := range map[string]*window{"a stranger": stranger, "the owner": owner} {
		has(t, name, w.Get(wizard.CallbackPath+"?code=x&state=y"), "This answer belongs to no sign-in", "not:Your role allows")
	}
	has(t, "a page that is not there", owner.Get("/nowhere"), `href="/">Open the mailboxes`, "not:>Back<")
}

// A day is shown as it was entered, and once.
func TestADayIsShownAsItWasEntered(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.answer(id, setup.StepRegistration, wizard.Entries{
		"tenant": {homeTenant}, "client_id": {clientID}, "secret_ends": {"2037-05-20"}, "redirect_uris": {s.url + "/callback"},
	})
	for _, path := range []string{"", "/report"} {
		got := owner.Get("/m/" + string(id) + path)
		has(t, "the end of the secret", got, "20 May 2037", "not:21 May 2037", "not:2037-05-20<")
		if n := strings.Count(got.Body, ">20 May 2037<"); path == "" && n != 1 {
			t.Errorf("%s shows the day %d times", got.Path, n)
		}
	}
}

// A setup of several mailboxes is called by the first and the number of others,
// and found by each of them.
func TestSeveralMailboxesShareAName(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example\ninfo@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap"},
	})
	for _, path := range []string{"/", "/?search=info", "/m/" + string(id), "/m/" + string(id) + "/network"} {
		has(t, "a setup of two mailboxes", owner.Get(path), "sales@contoso.example and 1 more")
	}
	has(t, "a search", owner.Get("/?search=other"), "No mailbox contains")
}

// Rights are set mailbox by mailbox: the questions name all of them, and a "no"
// brings one command each. An answer that nobody knows is not called stated.
func TestRightsAreAboutEveryMailbox(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id)
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example\ninfo@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap"},
	})
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"statement"}, "imap": {"yes"}, "licence": {"yes"}, "full_access": {"no"}})
	has(t, "the mailbox step", owner.Get(page+"/mailbox"), "On sales@contoso.example and info@contoso.example.",
		`id="f-full_access_missing"`, `id="f-full_access_missing-2"`, "Add-MailboxPermission info@contoso.example")
	has(t, "what was stated", owner.Get(page), "The administrator states it")
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"statement"}, "imap": {"unknown"}, "licence": {"yes"}, "full_access": {"yes"}})
	has(t, "what is partly known", owner.Get(page), "but for 1 answer that is not known")
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"statement"}, "imap": {"unknown"}, "licence": {"unknown"}, "full_access": {"unknown"}})
	has(t, "what nobody knows", owner.Get(page), "Not known, step 7 will show it", "not:The administrator states it")
}

// The names of the portal stand where somebody works in the portal, plain words
// where somebody agrees to them.
func TestPermissionsAreNamedForTheirReader(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	has(t, "the registration step", owner.Get("/m/"+string(id)+"/registration"), `<code>IMAP.AccessAsUser.All User.Read `, ">auth_time</code>", "Microsoft Graph, Delegated permissions",
		"Accounts in this organizational directory only", "role Application Administrator")
	has(t, "the landing page", s.window().Get(strings.TrimPrefix(s.link(owner, id), s.url)), "<li>Read and change mail over IMAP</li>", "<li>Stay signed in until somebody ends it</li>")
}

// A stored Secret ID is not ticked, and the request for the right value says
// for which application and where to enter it.
func TestAWrongSecretIsNotTicked(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	page := "/m/" + string(id) + "/registration"
	const line = `id="secret-state" data-live class="stored"`
	has(t, "a good secret", owner.Get(page), line)
	const says = "This is the Secret ID. Paste the text from the column"
	wrong := url.Values{
		"tenant": {homeTenant}, "client_id": {clientID}, "client_secret": {"9F8E7d6c-5b4a-4392-8170-6f5e4d3c2b1a"}, "redirect_uris": {s.url + "/callback"},
	}
	for name, value := range map[string]string{says: wrong.Get("client_secret"), "is too short": "Vq8"} {
		for _, path := range []string{page, page + "/secret"} {
			wrong.Set("client_secret", value)
			got := owner.Post(path, wrong)
			if got.Status != 422 || strings.Contains(got.Body, value) || s.view(id).Setup.Registration.SecretRevision != 1 {
				t.Errorf("%q replaces a stored value at %s: %d", value, path, got.Status)
			}
			has(t, path, got, name)
		}
	}
	// Where none is stored the problem stands in the step, with its request.
	id = s.eceSetup(nil)
	s.eceAddresses(id)
	page = "/m/" + string(id) + "/registration"
	wrong.Set("save", "paste")
	wrong.Set("revision", wizard.StepBasis(s.view(id).Setup, setup.StepRegistration))
	wrong.Set("client_secret", "Vq8")
	has(t, "beside a paste", owner.Post(page, wrong), "is too short")
	wrong.Del("save")
	wrong.Del("revision")
	wrong.Set("client_secret", "9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a")
	owner.Post(page, wrong)
	s.settle(id)
	has(t, "a Secret ID", owner.Get(page), "client_secret_is_id", "not:"+line, `class="note is-problem"`, says)
	has(t, "the request", owner.Get("/m/"+string(id)+"/ask/client_secret_is_id?step=registration"),
		"Application (client) ID: "+clientID, "Enter it here: "+s.url+page+"/secret", "only for somebody who takes part")
}

// What the fix speaks of is one click away.
func TestTheConsentLinkIsALink(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	private := s.window()
	private.Get(refusedAt(t, s.leave(private, s.link(owner, id)), "access_denied", "AADSTS90094: The grant requires admin permission."))
	if got := s.finding(id); got != "admin_consent_needed" {
		t.Fatalf("found %q", got)
	}
	has(t, "the sign-in step", owner.Get("/m/"+string(id)+"/sign-in"), `<a href="/m/`+string(id)+`/registration#consent">Admin consent</a>`)
}

// Equal addresses are no good while they begin with http.
func TestHTTPIsNotCalledTheSame(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	s.answer(id, setup.StepApplication, wizard.Entries{
		"product": {"ece"}, "release": {"12.6(1)"}, "specials": {"ES1"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {"svc-mail@contoso.example"}, "protocols": {"imap", "smtp"},
	})
	s.answer(id, setup.StepAddresses, wizard.Entries{"product_url": {"http://ece.contoso.example"}, "console_url": {"http://ece.contoso.example/system"}})
	got := owner.Get("/m/" + string(id) + "/addresses")
	has(t, "the addresses", got, "Scheme and host: Address in the setting", "Scheme and host: Address of the administration console", "not:<span>Same</span>")
	// Red, as the check that stops here: nothing has been changed.
	if n := len(regexp.MustCompile(`is-problem">\s*<svg[^>]*>.{0,80}</svg>\s*<span>Different</span>`).FindAllString(got.Body, -1)); n != 2 {
		t.Errorf("%d rows differ", n)
	}
}

// An invitation says what the invited person does and what is still open; two
// of them can be told apart.
func TestInvitationsAreToldApart(t *testing.T) {
	s := newStand(t)
	owner := s.claimed()
	id := s.ready()
	code := ""
	for range 2 {
		var err error
		if code, _, err = s.wizard.Invite(t.Context(), s.owner, id, wizard.RoleM365Admin); err != nil {
			t.Fatal(err)
		}
	}
	has(t, "the people", owner.Get("/m/"+string(id)+"/people"), "Invitation 1, not used yet", "Invitation 2, not used yet")
	has(t, "the join page", s.window().Get("/join/"+code), "You enter the Entra application", "Step that waits for you", "<dd>Mailbox</dd>")
	s.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"verification"}})
	has(t, "the join page later", s.window().Get("/join/"+code), "not:waits for you", "not:wait for you")
	has(t, "the addresses of another application", owner.Get("/m/"+string(id)+"/addresses"), "not:The console of the mail application, open")
}
