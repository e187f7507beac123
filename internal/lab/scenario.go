package lab

import (
	"slices"
	"time"

	"latchkey/internal/lab/world"
)

// Scenario is a small change of the healthy world, what it must lead to, and
// its repair. Repair undoes Change in a running lab; what people did with the
// broken world, such as copying a wrong value, they do again afterwards.
type Scenario struct {
	Name   string
	Breaks string // what is wrong, for people
	Step   string // the step of the wizard at which it must show
	Code   string // the finding that must come first there, "" for none

	Change func(*world.World)
	Repair func(*world.World)

	// SkipsRedirectPaste: the person does not paste the registered redirect
	// URIs, so the fault shows only at Microsoft's page.
	SkipsRedirectPaste bool
	// PastesManifest: the person pastes the registration's manifest in place of
	// the list of redirect URIs.
	PastesManifest bool
	// Age: how long ago the set-up was, when its token is asked for again. The
	// set-up is walked first, then the clock of the walk moves, then the short
	// flow is walked.
	Age time.Duration
	// SharedAccount: walked with a shared mailbox and its sign-in account.
	SharedAccount bool
}

// Happy is the name of the scenario in which nothing is wrong.
const Happy = "happy"

// Scenarios returns all scenarios; the happy one is the first.
func Scenarios() []Scenario { return slices.Clone(scenarios) }

func find(name string) (Scenario, bool) {
	i := slices.IndexFunc(scenarios, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return scenarios[i], true
}

// change makes a Change or Repair of something done to the state.
func change(f func(*world.State)) func(*world.World) {
	return func(w *world.World) { w.Do(f) }
}

// app changes the registration that is to be used.
func app(f func(*world.App)) func(*world.World) {
	return change(func(s *world.State) { f(s.Apps[0]) })
}

// tenant changes the home tenant.
func tenant(f func(*world.Tenant)) func(*world.World) {
	return change(func(s *world.State) { f(s.Tenants[0]) })
}

var scenarios = []Scenario{
	{
		Name: Happy, Step: "handover",
		Breaks: "nothing",
		Change: change(func(*world.State) {}),
		Repair: change(func(*world.State) {}),
	},
	{
		Name: "redirect_uri_unregistered", Step: "sign_in", Code: "redirect_uri_mismatch", SkipsRedirectPaste: true,
		Breaks: "The redirect URI is saved to another registration with almost the same name.",
		Change: change(confuseRegistrations),
		Repair: change(repairRegistration),
	},
	{
		Name: "redirect_uri_trailing_slash", Step: "registration", Code: "redirect_uri_not_listed",
		Breaks: "The redirect URI is registered with a slash at its end.",
		Change: app(func(a *world.App) { a.Slips.URISuffix = "/" }),
		Repair: app(repairSlash),
	},
	{
		Name: "redirect_uri_as_single_page", Step: "registration", Code: "platform_is_spa", PastesManifest: true,
		Breaks: "The redirect URI is registered as a single-page application.",
		Change: app(func(a *world.App) { a.Slips.URIPlatform = world.SPA }),
		Repair: app(repairPlatform),
	},
	{
		Name: "manifest_of_the_twin", Step: "registration", Code: "registration_of_other_client", PastesManifest: true,
		Breaks: "The manifest of another registration with almost the same name is copied.",
		Change: change(func(s *world.State) { s.Apps[0].Slips.ManifestOf = s.Apps[1].ClientID }),
		Repair: app(func(a *world.App) { a.Slips.ManifestOf = "" }),
	},
	{
		Name: "permission_not_listed", Step: "registration", Code: "permission_not_in_registration", PastesManifest: true,
		Breaks: "The delegated permission for SMTP is not in the registration.",
		Change: app(func(a *world.App) {
			a.Permissions = slices.DeleteFunc(slices.Clone(a.Permissions), func(p string) bool { return p == "SMTP.Send" })
		}),
		Repair: app(func(a *world.App) { a.Permissions = append(a.Permissions, "SMTP.Send") }),
	},
	{
		Name: "secret_id_pasted", Step: "registration", Code: "client_secret_is_id",
		Breaks: "The secret ID is copied in place of the secret's value.",
		Change: app(func(a *world.App) { a.Slips.IDForValue = true }),
		Repair: app(func(a *world.App) { a.Slips.IDForValue = false }),
	},
	{
		Name: "secret_expired", Step: "registration", Code: "client_secret_expired",
		Breaks: "The client secret ended an hour ago.",
		Change: app(func(a *world.App) { a.Slips.SecretLife = -time.Hour }),
		Repair: app(func(a *world.App) { a.Slips.SecretLife = 0 }),
	},
	{
		Name: "wrong_person", Step: "sign_in", Code: "other_account_signed_in",
		Breaks: "The company's sign-in service signs the person at the workstation in without asking.",
		Change: change(func(s *world.State) {
			s.Tenants[0].Federation = &world.Federation{Workstation: s.UserByName(world.Operator).ID, Insists: true}
		}),
		Repair: tenant(func(t *world.Tenant) { t.Federation = &world.Federation{} }),
	},
	{
		Name: "imap_disabled", Step: "verification", Code: "imap_disabled",
		Breaks: "IMAP is switched off for the account that signs in.",
		Change: change(func(s *world.State) { switchIMAP(s, false) }),
		Repair: change(func(s *world.State) { switchIMAP(s, true) }),
	},
	{
		Name: "smtp_auth_disabled_tenant", Step: "verification", Code: "smtp_auth_disabled_tenant",
		Breaks: "SMTP AUTH is switched off for the organisation.",
		Change: tenant(func(t *world.Tenant) { t.SMTPAuthDisabled = true }),
		Repair: tenant(func(t *world.Tenant) { t.SMTPAuthDisabled = false }),
	},
	{
		Name: "no_full_access", Step: "verification", Code: "full_access_missing", SharedAccount: true,
		Breaks: "The account that signs in has no Full Access to the shared mailbox.",
		Change: change(func(s *world.State) { s.Mailbox(world.Sales).FullAccess = nil }),
		Repair: change(func(s *world.State) {
			s.Mailbox(world.Sales).FullAccess = []string{s.UserByName(world.SignInAccount).ID}
		}),
	},
	{
		Name: "wrong_resource", Step: "verification", Code: "token_wrong_audience",
		Breaks: "The access token is issued for Microsoft Graph.",
		Change: change(func(s *world.State) { s.Entra.ForGraph = true }),
		Repair: change(func(s *world.State) { s.Entra.ForGraph = false }),
	},
	{
		Name: "consent_needed", Step: "sign_in", Code: "admin_consent_needed",
		Breaks: "People may not consent to applications, and no administrator has.",
		Change: tenant(func(t *world.Tenant) { t.UserConsent = false }),
		Repair: app(func(a *world.App) { a.ConsentForAll(a.Permissions) }),
	},
	{
		Name: "token_endpoint_throttled", Step: "registration", Code: "token_endpoint_throttled",
		Breaks: "The token endpoint answers 429 Too Many Requests.",
		Change: change(func(s *world.State) { s.Entra.Throttled = true }),
		Repair: change(func(s *world.State) { s.Entra.Throttled = false }),
	},
	{
		Name: "nine_months_old", Step: "handover", Age: 9 * 30 * 24 * time.Hour, SharedAccount: true,
		Breaks: "Nine months have passed without use, and the token is dead.",
		Change: app(func(a *world.App) { a.Slips.SecretLife = 2 * 365 * 24 * time.Hour }),
		Repair: app(func(a *world.App) { a.Slips.SecretLife = 0 }),
	},
	{
		Name: "server_silent", Step: "network", Code: "server_silent",
		Breaks: "The IMAP server accepts connections and never says a word.",
		Change: change(func(s *world.State) { s.Exchange.Faults[world.IMAP] = world.Mute }),
		Repair: change(func(s *world.State) { delete(s.Exchange.Faults, world.IMAP) }),
	},
}

// mailApplication is the redirect URI of the product itself, which has been in
// the registration for long.
const mailApplication = "https://mail.contoso.example/oauth/callback"

// confuseRegistrations makes additions go to the twin. The right registration
// has a redirect URI already, so that it is not an empty list that is met.
func confuseRegistrations(s *world.State) {
	right, wrong := s.Apps[0], s.Apps[1]
	right.Slips.URIsGoTo = wrong.ClientID
	right.RedirectURIs = append(right.RedirectURIs, world.RedirectURI{URI: mailApplication, Platform: world.Web})
}

// repairRegistration moves what went to the wrong registration.
func repairRegistration(s *world.State) {
	right, wrong := s.Apps[0], s.Apps[1]
	right.Slips.URIsGoTo = ""
	right.RemoveRedirectURI(mailApplication)
	right.RedirectURIs = append(right.RedirectURIs, wrong.RedirectURIs...)
	wrong.RedirectURIs = nil
}

// repairPlatform moves what was registered, and what will be.
func repairPlatform(a *world.App) {
	for i := range a.RedirectURIs {
		a.RedirectURIs[i].Platform = world.Web
	}
	a.Slips.URIPlatform = ""
}

// repairSlash corrects what was registered, and what will be.
func repairSlash(a *world.App) {
	for i, r := range a.RedirectURIs {
		if n := len(r.URI) - len(a.Slips.URISuffix); a.Slips.URISuffix != "" && r.URI[n:] == a.Slips.URISuffix {
			a.RedirectURIs[i].URI = r.URI[:n]
		}
	}
	a.Slips.URISuffix = ""
}

// switchIMAP acts on both accounts that sign in.
func switchIMAP(s *world.State, on bool) {
	for _, address := range []string{world.SignInAccount, world.Support} {
		s.Mailbox(address).IMAP = on
	}
}
