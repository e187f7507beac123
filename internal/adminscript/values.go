package adminscript

import (
	"fmt"
	"strings"

	"latchkey/internal/setup"
)

// Cloud names one of Microsoft's clouds as the modules know it: the parameter
// -Environment of Connect-MgGraph and -ExchangeEnvironmentName of
// Connect-ExchangeOnline (their reference pages, 2026). The zero value is the
// worldwide cloud.
type Cloud struct{ Graph, Exchange string }

// Microsoft's clouds.
var (
	Global   = Cloud{"Global", "O365Default"}
	USGov    = Cloud{"USGov", "O365USGovGCCHigh"}
	USGovDoD = Cloud{"USGovDoD", "O365USGovDoD"}
	China    = Cloud{"China", "O365China"}
)

// Values are what a script is made of. Which are needed depends on the task.
type Values struct {
	Setup setup.ID
	Cloud Cloud
	Say   Say // nil: English

	// For the registration. Tenant may be empty: the directory is then the one
	// of the person who runs the script. An empty ClientID means that Name
	// finds the registration.
	Tenant       string
	ClientID     string
	Name         string
	RedirectURIs []string // those that must be there, ours and the product's
	Protocols    []setup.Protocol
	Graph        string       // application ID of the resource of the permissions
	Permissions  []Permission // delegated ones that must be there
	NewSecret    PublicKey    // "": no secret is made
	SecretMonths int          // 1 to 24; 0 means 12

	// For the mailbox.
	Method    setup.Method
	Account   setup.Address
	Mailboxes []setup.Address

	// For the network.
	Server      setup.Server
	Provider    string // ID, as in the block of "latchkey probe"
	Connections []Connection
}

// Permission is a delegated permission of the resource, by name and ID.
type Permission struct{ Name, ID string }

// Connection is one thing the network task reaches.
type Connection struct {
	Protocol setup.Protocol // "" for the sign-in service
	Host     string
	Port     int
	STARTTLS bool // SMTP only; otherwise TLS from the first byte
}

// From takes from a setup what its answers hold. RedirectURIs, Graph,
// Permissions, Connections, Server, Provider, Cloud and NewSecret are left to the caller.
func From(s setup.Setup) Values {
	name := "Latchkey"
	if t := s.Title(); t != "" {
		name += " " + t
	}
	return Values{
		Setup: s.ID, Name: name,
		Tenant: s.Registration.Tenant, ClientID: s.Registration.ClientID,
		Protocols: s.Application.Protocols,
		Method:    s.Application.Method, Account: s.Application.SignInAccount, Mailboxes: s.Application.Mailboxes,
	}
}

// MissingError says which value a task needs and has not.
type MissingError struct{ Task, Value string }

// Error implements error.
func (e *MissingError) Error() string {
	return fmt.Sprintf("adminscript: the script %s needs the value %s", e.Task, e.Value)
}

// check refuses values with which a script would do something else than what
// it says.
func (v Values) check(t Task) error {
	need := func(value string, ok bool) error {
		if !ok {
			return &MissingError{t.ID, value}
		}
		return nil
	}
	all := []error{need("setup", v.Setup != "")}
	switch t.ID {
	case Registration.ID, RegistrationRead.ID:
		all = append(all, need("client_id or name", v.ClientID != "" || v.Name != ""),
			need("client_id as a GUID", v.ClientID == "" || setup.IsGUID(v.ClientID)))
		if t.Changes {
			all = append(all, need("redirect_uris", len(v.RedirectURIs) > 0),
				need("graph", v.Graph != ""), need("permissions", len(v.Permissions) > 0),
				need("secret_months up to 24", v.SecretMonths >= 0 && v.SecretMonths <= 24),
				need("new_secret as a key of NewKey", v.NewSecret == "" || v.NewSecret.ID() != ""))
		}
	case MailboxRead.ID, MailboxRepair.ID:
		all = append(all, need("account", v.Account != ""), need("mailboxes", len(v.Mailboxes) > 0))
		if t.Changes {
			all = append(all, need("protocols", len(v.Protocols) > 0))
		}
	case Network.ID:
		all = append(all, need("server", v.Server.Name != ""), need("provider", v.Provider != ""),
			need("connections", len(v.Connections) > 0))
		for _, c := range v.Connections {
			all = append(all, need("connections with host and port", c.Host != "" && c.Port > 0 && c.Port < 1<<16),
				need("STARTTLS with SMTP only", !c.STARTTLS || c.Protocol == setup.SMTP))
		}
	default:
		return fmt.Errorf("adminscript: there is no task %q", t.ID)
	}
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.TrimSpace(string(s))
	}
	return out
}
