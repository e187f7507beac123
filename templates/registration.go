package templates

import (
	"context"
	"slices"
	"strings"
	"time"
)

// RegistrationView is the third step: the application in Microsoft Entra ID.
type RegistrationView struct {
	StepPage
	Form        RegistrationForm
	Clouds      []Option // one: no choice is shown
	Secret      SecretLine
	Colleague   bool     // the Microsoft 365 administrator enters the secret on a page of its own
	Redirects   []string // to be registered, exact
	Permissions []string // delegated ones, as the portal names them
	Claim       string   // optional claim of the ID token; "" for none
	Scopes      []string // that the sign-in asks for, exact
	Portal      string   // address of the app registrations; "" for none
	Scripts     []Script // that do it all, or only read
	NewKey      bool     // a script with a new client secret can be made
	Paste       Paste    // of the manifest or the script's block
	Found       Option   // the cloud in which the tenant was found, if another is chosen
	Offline     string   // address of the page that the other person can take along
	Consent     ConsentLine
	TenantHint  string // where what stands in the field comes from; "" if a person entered it
	ClientHint  string
	Compare     []Comparison // needed and registered redirect URIs; none while nothing was pasted
}

// RegistrationForm holds the entries as typed. The client secret is not among
// them: it is never written into a page.
type RegistrationForm struct {
	Cloud        string
	Tenant       string
	ClientID     string
	SecretEnds   string // "2027-03-11"
	RedirectURIs string // one per line
}

// SecretLine is all anybody sees of a stored client secret.
type SecretLine struct {
	Stored bool
	By     string
	At     time.Time
	Ends   time.Time // zero if unknown

	Checked bool   // everything that can be asked about it has passed
	Running bool   // it is being asked
	Wrong   bool   // a problem with it stands
	Problem string // what stands against it, with the remedy; "" for nothing
}

// ConsentLine is the state of the admin consent.
type ConsentLine struct {
	URL   string // leads to Microsoft; "" while tenant or client ID are missing
	State string // a word of the family "consent": "granted", "refused", "none"
	By    string
	At    time.Time
	Error string // verbatim answer of a refusal
}

// SecretView is the page with one field that the Microsoft 365 administrator
// opens on their own computer.
type SecretView struct {
	Page
	Secret   SecretLine
	CanSave  bool
	Errors   map[string]string
	SavedNow bool // after the POST: the result is awaited here
}

var registrationOrder = []string{"cloud", "tenant", "client_id", "client_secret", "secret_ends", "redirect_uris"}

func (v RegistrationView) answers(ctx context.Context) []Fact {
	var list []Fact
	if len(v.Clouds) > 1 {
		list = append(list, answer(ctx, "cloud", textOfOption(v.Clouds, v.Form.Cloud)))
	}
	return append(list,
		answer(ctx, "tenant", v.Form.Tenant),
		answer(ctx, "client_id", v.Form.ClientID),
		answer(ctx, "client_secret", secretText(ctx, v.Secret)),
		answer(ctx, "secret_ends", v.Form.SecretEnds),
		answer(ctx, "redirect_uris", v.Form.RedirectURIs),
	)
}

// secretText says that a secret is stored, since when and by whom, never what
// it is.
func secretText(ctx context.Context, s SecretLine) string {
	switch {
	case !s.Stored:
		return ""
	case s.By == "":
		return t(ctx, "secret.stored", "time", printer(ctx).DateTime(s.At))
	}
	return t(ctx, "secret.stored_by", "time", printer(ctx).DateTime(s.At), "name", s.By)
}

// portalName is how the portal lists a permission: without the address of the
// service in front.
func portalName(scope string) string { return scope[strings.LastIndex(scope, "/")+1:] }

var permissionWords = map[string]string{
	"IMAP.AccessAsUser.All": "imap", "POP.AccessAsUser.All": "pop3", "SMTP.Send": "smtp",
	"offline_access": "offline", "openid": "identity", "profile": "identity", "email": "identity",
}

// permissions says what permissions allow, each thing once; one that has no
// words is named as the portal does.
func permissions(ctx context.Context, scopes []string) []string {
	var list []string
	for _, scope := range scopes {
		name := portalName(scope)
		if known, ok := permissionWords[name]; ok {
			name = word(ctx, "permission", known)
		}
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}
