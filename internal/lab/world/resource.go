package world

import "strings"

// Resource is an API that tokens are issued for.
type Resource struct {
	ID       string   // application ID of the first-party service
	Name     string   // as the portal shows it
	Prefixes []string // identifier URIs, without the slash at the end
	Names    []string // its delegated permissions
}

// The resources of the simulator. Identifiers: learn.microsoft.com (Exchange
// and Graph first-party application IDs); the second and third prefix of
// Exchange are accepted in practice.
var (
	ExchangeOnline = &Resource{
		ID: "00000002-0000-0ff1-ce00-000000000000", Name: "Office 365 Exchange Online",
		Prefixes: []string{"https://outlook.office.com", "https://outlook.office365.com", "https://ps.outlook.com"},
		Names:    []string{"IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"},
	}
	Graph = &Resource{
		ID: "00000003-0000-0000-c000-000000000000", Name: "Microsoft Graph",
		Prefixes: []string{"https://graph.microsoft.com"},
		Names: []string{
			"IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send",
			"User.Read", "Mail.Read", "Mail.Send", "openid", "profile", "email", "offline_access",
		},
	}
	Resources = []*Resource{ExchangeOnline, Graph}
)

// Offers reports whether the resource has a delegated permission.
func (r *Resource) Offers(name string) bool {
	for _, n := range r.Names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// Audience reports whether aud names the resource.
func (r *Resource) Audience(aud string) bool {
	if aud == r.ID {
		return true
	}
	for _, p := range r.Prefixes {
		if strings.TrimSuffix(aud, "/") == p {
			return true
		}
	}
	return false
}

// Permission is the delegated permission that a mail protocol needs.
func (p Protocol) Permission() string {
	switch p {
	case IMAP:
		return "IMAP.AccessAsUser.All"
	case POP3:
		return "POP.AccessAsUser.All"
	}
	return "SMTP.Send"
}
