package world

import (
	"slices"
	"strings"
)

// Tenant is an Entra tenant with its Exchange Online organisation.
type Tenant struct {
	ID      string   // GUID
	Name    string   // display name
	Domains []string // verified domains, the primary one first

	Region    string // tenant_region_scope of the discovery document, such as "EU"
	SubRegion string // tenant_region_sub_scope: "" for the global cloud, "DOD", "DODCON"

	// UserConsent allows people to consent to applications for themselves.
	UserConsent bool
	// ConsentNumber makes a refused consent come back as a redirect with
	// AADSTS90094; without it the person meets the page "Need admin approval",
	// whose link back carries no number. Both are recorded.
	ConsentNumber bool

	// WithoutExchange: no licence with Exchange was ever assigned, so the
	// tenant has no service principal for Exchange Online.
	WithoutExchange bool
	// SMTPAuthDisabled is SmtpClientAuthenticationDisabled of the organisation.
	SMTPAuthDisabled bool

	Federation *Federation // nil: passwords are checked by Entra itself
}

// Federation sends the tenant's people to a sign-in service of their company.
type Federation struct {
	// Workstation is the user ID of the person signed in to the workstation;
	// the company's service signs that person in without asking. "" means
	// there is no such single sign-on.
	Workstation string
	// Insists makes the service use Workstation even if the request asks for
	// a new sign-in (prompt=login) or names somebody else (login_hint).
	Insists bool
}

// Domain is the primary domain.
func (t *Tenant) Domain() string { return t.Domains[0] }

// Tenant finds a tenant by GUID or verified domain, nil if there is none.
func (s *State) Tenant(name string) *Tenant {
	for _, t := range s.Tenants {
		if strings.EqualFold(t.ID, name) || slices.ContainsFunc(t.Domains, func(d string) bool { return strings.EqualFold(d, name) }) {
			return t
		}
	}
	return nil
}
