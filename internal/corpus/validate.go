package corpus

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Variables are the names that may stand in braces, and what they mean.
var Variables = map[string]string{
	"trace_id": "GUID of the request", "correlation_id": "GUID of the exchange", "timestamp": "2026-11-21 10:00:00Z",
	"client_id": "of the request", "app": "display name of the registration", "tenant": "of the request, as it was named",
	"tenant_id": "GUID", "directory": "display name of the tenant", "redirect_uri": "of the request", "other_uri": "a registered address",
	"user": "who signs in", "scope": "of the request", "resource": "GUID of a resource", "address": "of a resource", "origin": "of a script", "parameter": "name of a parameter",
	"issued": "time of the grant", "valid_from": "time of the revocation", "policy_id": "GUID", "idp": "address of an identity provider",
	"tag": "IMAP's tag of the command", "server": "full name of the mail server", "name": "its first word", "bracket": "the full name in base64",
	"time": "2024-07-11T11:46:49.042Z", "date": "Thu, 11 Jul 2024 11:46:42 +0000", "request_id": "of the mail server", "peer": "the client's address",
	"scopes": "granted, separated by blanks", "seconds": "3600 to 5400", "secret": "a token",
}

// ContextKeys are the names under which an item can say what must be known.
var ContextKeys = []string{
	"method", "protocol", "mailbox", "sign_in_account", "signed_in_as", "sasl_user", "from",
	"redirect_uri", "tenant", "client_id", "audience", "scope", "scopes", "roles", "grant", "grant_age",
	"other_mailbox_works", "mailbox_opened", "token_fine", "imap_works",
}

var (
	variable = regexp.MustCompile(`\{[a-z_]+\}`)
	idForm   = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	dateForm = regexp.MustCompile(`^20\d\d(-[01]\d(-[0-3]\d)?)?$`)
	number   = regexp.MustCompile(`AADSTS(\d+)`)
)

// validate reports everything that makes an item useless or doubtful.
func (c Corpus) validate() error {
	var all []error
	seen := map[string]bool{}
	used := map[string]bool{}
	for _, i := range c.Items {
		fail := func(format string, args ...any) {
			all = append(all, fmt.Errorf("corpus: %s: %s: %s", i.File, i.ID, fmt.Sprintf(format, args...)))
		}
		if seen[i.ID] {
			fail("the ID stands twice")
		}
		seen[i.ID] = true
		for _, s := range i.Sources {
			used[s] = true
			if _, ok := c.Sources[s]; !ok {
				fail("source %q is not listed", s)
			}
		}
		i.validate(fail)
	}
	for key, s := range c.Sources {
		u, err := url.Parse(s.URL)
		switch {
		case s.Title == "":
			all = append(all, fmt.Errorf("corpus: source %s has no title", key))
		case s.URL != "" && (err != nil || u.Scheme != "https" || u.Host == ""):
			all = append(all, fmt.Errorf("corpus: source %s: %q is no address", key, s.URL))
		case !used[key]:
			all = append(all, fmt.Errorf("corpus: source %s is not used", key))
		}
	}
	if len(c.Items) == 0 {
		all = append(all, errors.New("corpus: there are no items"))
	}
	return errors.Join(all...)
}

type failer func(format string, args ...any)

func (i Item) validate(fail failer) {
	switch {
	case !idForm.MatchString(i.ID):
		fail("the ID is not snake_case")
	case len(i.Where) == 0:
		fail("no place")
	case len(i.Sources) == 0:
		fail("no source")
	case !dateForm.MatchString(i.Date):
		fail("%q is no date", i.Date)
	case !slices.Contains([]Evidence{Recorded, Documented, FromMemory}, i.Evidence):
		fail("evidence %q", i.Evidence)
	case i.Code != "" && !idForm.MatchString(i.Code):
		fail("code %q", i.Code)
	}
	for _, w := range i.Where {
		if !slices.Contains(Places, w) {
			fail("place %q", w)
		}
	}
	for _, p := range i.Assumed {
		if !slices.Contains(parts, p) {
			fail("assumed part %q", p)
		}
	}
	for key := range i.Context {
		if !slices.Contains(ContextKeys, key) {
			fail("context %q", key)
		}
	}
	names := map[string]bool{}
	for _, v := range i.Variants {
		if v.Name == "" || names[v.Name] {
			fail("variant %q is nameless or stands twice", v.Name)
		}
		names[v.Name] = true
	}
	for _, r := range i.Replies() {
		r.validate(func(format string, args ...any) {
			fail("%s: %s", r.Name(), fmt.Sprintf(format, args...))
		})
	}
}

func (r Reply) validate(fail failer) {
	for _, text := range append([]string{r.Description, r.Body, r.Claims}, r.Lines...) {
		for _, v := range variable.FindAllString(text, -1) {
			if _, ok := Variables[v[1:len(v)-1]]; !ok {
				fail("unknown variable %s", v)
			}
		}
		if strings.ContainsAny(text, "\r\n") && text != r.Body {
			fail("a line break in %q", text)
		}
	}
	switch {
	case r.Where == Network:
		if !slices.Contains(Events, r.Event) {
			fail("event %q", r.Event)
		}
	case r.Where.Mail():
		r.validateMail(fail)
	default:
		r.validateOAuth(fail)
	}
}

func (r Reply) validateMail(fail failer) {
	if len(r.Lines) == 0 || !slices.Contains(Stages, r.Stage) {
		fail("lines or stage are missing")
	}
	if r.Description != "" || r.Event != "" {
		fail("a mail server has neither description nor event")
	}
}

// validateOAuth compares the numbers in the text with the listed ones: they
// are what a test would otherwise silently not compare.
func (r Reply) validateOAuth(fail failer) {
	if r.Body == "" && r.Error == "" && r.Description == "" {
		fail("nothing is said")
	}
	if strings.Contains(r.Description, "Trace ID") {
		fail("the identifiers are added by whoever gives the answer")
	}
	if (r.Where == Token || r.Where == AuthorizeRedirect || r.Where == AdminConsent || r.Where == Discovery) && r.Body == "" && r.Error == "" {
		fail("no error")
	}
	if r.Stage != "" || len(r.Lines) > 0 || r.Event != "" {
		fail("the identity service has neither stage, lines nor event")
	}
	var said []int
	for _, m := range number.FindAllStringSubmatch(r.Description, -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			fail("number %s", m[1])
		}
		said = append(said, n)
	}
	if !slices.Equal(said, r.Codes) {
		fail("the text has the numbers %v, error_codes %v", said, r.Codes)
	}
}
