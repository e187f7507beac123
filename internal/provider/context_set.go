package provider

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/oauth"
	"latchkey/internal/setup"
)

// ContextError says that a value of a context key cannot be understood.
type ContextError struct {
	Key, Value string
	Allowed    []string // the values that can, or a description of them
}

// Error implements error.
func (e *ContextError) Error() string {
	return fmt.Sprintf("provider: context %s = %q: write %s", e.Key, e.Value, strings.Join(e.Allowed, ", "))
}

// spoken are other words for the values of a key.
var spoken = map[string]map[string]string{
	"phase": {
		"sign_in": "authorize", "signin": "authorize", "login": "authorize", "callback": "authorize", "redirect": "authorize",
		"consent": "admin_consent", "adminconsent": "admin_consent",
		"code": "token", "redeem": "token", "redemption": "token", "token_endpoint": "token", "authorization_code": "token",
		"renew": "refresh", "renewal": "refresh", "refresh_token": "refresh", "token_refresh": "refresh",
		"app_only": "client_credentials", "pop": "pop3",
		"send": "smtp", "submission": "smtp", "dns": "network", "tcp": "network", "tls": "network", "connect": "network",
	},
	"account_type": {
		"mailbox": "mailbox_account", "own": "mailbox_account", "user": "mailbox_account", "user_mailbox": "mailbox_account",
		"shared": "shared_account", "shared_mailbox": "shared_account", "delegate": "shared_account", "service_account": "shared_account",
		"application": "app_only", "app": "app_only", "service_principal": "app_only",
	},
	"grant":    {"code": "authorization_code", "refresh": "refresh_token", "app_only": "client_credentials", "ropc": "password", "device": "device_code"},
	"protocol": {"pop": "pop3"},
	"changed": {
		"redirect_uri": "registration", "platform": "registration", "client_secret": "secret", "permission": "consent", "assignment": "consent",
		"imap": "switch", "pop3": "switch", "smtp_auth": "switch", "licence": "mailbox", "license": "mailbox",
	},
	"passed": {"token": "token_claims", "pop": "pop3", "admin_consent": "consent"},
}

// word brings a word to the form of the constants: "Shared account" is
// shared_account.
func word(s string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(strings.TrimSpace(s)))
}

// one picks one of the allowed words, or a synonym of it.
func one(key, value string, allowed ...string) (string, error) {
	w := word(value)
	if other, ok := spoken[key][w]; ok {
		w = other
	}
	if !slices.Contains(allowed, w) {
		return "", &ContextError{key, value, allowed}
	}
	return w, nil
}

// Set fills the field of a context key as it is written on the command line
// and in forms: phase account_type mailbox signed_in_as sasl_user scopes
// redirect_uri external_url grant client_id tenant cloud host port, and
// further protocol from audience roles scopes_granted prompt grant_age changed
// changed_ago passed.
// Any other key is kept as evidence.
//
// Errors: *ContextError for a value that the key cannot have; c is then as it
// was before.
func (c *Context) Set(key, value string) error {
	value = strings.TrimSpace(value)
	if field := c.text(key); field != nil {
		*field = value
		return nil
	}
	switch key {
	case "phase", "account_type", "grant", "protocol", "changed", "passed", "cloud":
		return c.setWord(key, value)
	case "scopes":
		c.Scopes = list(value)
	case "roles":
		c.Roles = list(value)
	case "scopes_granted":
		c.Granted = list(value)
	case "port":
		if n, err := strconv.Atoi(value); err != nil || n < 1 || n > 65535 {
			return &ContextError{key, value, []string{"a number from 1 to 65535"}}
		}
		c.Port = value
	case "grant_age", "changed_ago":
		d, err := time.ParseDuration(value)
		if err != nil || d < 0 {
			return &ContextError{key, value, []string{"a duration, such as 15m or 26h"}}
		}
		if key == "grant_age" {
			c.GrantAge = d
		} else {
			c.ChangedAgo = d
		}
	default:
		c.Other = append(c.Other, finding.Evidence{Source: key, Text: value})
	}
	return nil
}

// ContextKeys lists the keys that Set gives a meaning, in reading order.
func ContextKeys() []string {
	return []string{
		"phase", "account_type", "protocol", "mailbox", "sign_in_account", "signed_in_as", "sasl_user", "from", "grant", "grant_age",
		"scopes", "roles", "scopes_granted", "audience", "client_id", "tenant", "cloud", "redirect_uri", "external_url", "prompt",
		"server", "host", "port", "passed", "changed", "changed_ago",
	}
}

// text returns the field of a key whose value may be anything.
func (c *Context) text(key string) *string {
	return map[string]*string{
		"mailbox": &c.Mailbox, "signed_in_as": &c.SignedInAs, "sign_in_account": &c.SignInUser, "sasl_user": &c.SASLUser,
		"from": &c.From, "redirect_uri": &c.RedirectURI, "external_url": &c.ExternalURL, "client_id": &c.ClientID,
		"tenant": &c.Tenant, "host": &c.Host, "server": &c.Server, "audience": &c.Audience, "prompt": &c.Prompt,
	}[key]
}

func (c *Context) setWord(key, value string) error {
	var err error
	set := func(to func(string), allowed ...string) {
		var w string
		if w, err = one(key, value, allowed...); err == nil {
			to(w)
		}
	}
	switch key {
	case "phase":
		set(func(w string) { c.Phase = Phase(w) }, words(Phases)...)
	case "account_type":
		set(func(w string) {
			if w == "app_only" {
				c.Grant = oauth.GrantClientCredentials
			} else {
				c.Method = setup.Method(w)
			}
		}, string(setup.MailboxAccount), string(setup.SharedAccount), "app_only")
	case "grant":
		set(func(w string) { c.Grant = w },
			oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials, "password", "device_code")
	case "protocol":
		set(func(w string) { c.Protocol = setup.Protocol(w) }, words(setup.Protocols)...)
	case "changed":
		set(func(w string) { c.Changed = Change(w) }, words(Changes())...)
	case "passed":
		return c.setPassed(value)
	case "cloud":
		p, ok := CloudByName(value)
		if !ok {
			return &ContextError{key, value, []string{Entra.ID, EntraUSGov.ID, EntraUSGovDoD.ID, EntraChina.ID}}
		}
		c.Cloud = p.ID
	}
	return err
}

func (c *Context) setPassed(value string) error {
	next := *c
	for _, v := range list(strings.ReplaceAll(value, ",", " ")) {
		w, err := one("passed", v, "token_claims", "consent", "imap", "pop3", "smtp")
		if err != nil {
			return err
		}
		*map[string]*bool{
			"token_claims": &next.TokenFine, "consent": &next.Consented, "imap": &next.IMAPWorks, "pop3": &next.POP3Works, "smtp": &next.SMTPWorks,
		}[w] = true
	}
	*c = next
	return nil
}

// list parts words at blanks and pluses, as addresses spell blanks. A comma
// stays: it is a fault that the rules look for.
func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '+' || r == '\t' || r == '\n' })
}

func words[T ~string](values []T) []string {
	var list []string
	for _, v := range values {
		list = append(list, string(v))
	}
	return list
}
