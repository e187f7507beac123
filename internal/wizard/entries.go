package wizard

import (
	"errors"
	"slices"
	"strings"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/product"
	"latchkey/internal/provider"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// Entries are the values of one form, as typed: field name → values. Only the
// fields of the step are read; others are ignored.
type Entries map[string][]string

// Get returns the first value of a field.
func (e Entries) Get(f setup.Field) string {
	if v := e[string(f)]; len(v) > 0 {
		return v[0]
	}
	return ""
}

func (e Entries) all(f setup.Field) []string { return e[string(f)] }

// reader collects the problems of one submit, so that a person sees all of
// them at once.
type reader struct {
	entries  Entries
	problems setup.InputErrors
	// later keeps what cannot be used yet as it was typed: "Save for later".
	later bool
	typed map[string][]string
}

func read[T any](r *reader, parse func() (T, error), keep *T) {
	v, err := parse()
	var bad *setup.InputError
	var several setup.InputErrors
	switch {
	case err == nil:
		*keep = v
		return
	case errors.As(err, &bad):
		several = setup.InputErrors{bad}
	case !errors.As(err, &several):
		return
	}
	if !r.later {
		r.problems = append(r.problems, several...)
		return
	}
	if field := several[0].Field; r.entries.Get(field) != "" {
		if r.typed == nil {
			r.typed = map[string][]string{}
		}
		r.typed[string(field)] = r.entries.all(field)
	}
}

// optional parses a field only if something was entered; an empty entry
// clears it.
func optional[T any](r *reader, f setup.Field, parse func(setup.Field, string) (T, error), keep *T) {
	if strings.TrimSpace(r.entries.Get(f)) == "" {
		var none T
		*keep = none
		return
	}
	required(r, f, parse, keep)
}

func required[T any](r *reader, f setup.Field, parse func(setup.Field, string) (T, error), keep *T) {
	read(r, func() (T, error) { return parse(f, r.entries.Get(f)) }, keep)
}

// err returns all problems, or nil.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return r.problems
}

func (r *reader) application(s *setup.Setup) {
	a := &s.Application
	var products []string
	for _, p := range product.All() {
		products = append(products, p.ID)
	}
	read(r, func() (string, error) {
		return setup.ParseChoice(setup.FieldProduct, r.entries.Get(setup.FieldProduct), products...)
	}, &a.Product)
	if p, ok := product.ByID(a.Product); ok && len(p.Releases) > 0 {
		var releases []string
		for _, rel := range p.Releases {
			releases = append(releases, rel.ID)
		}
		read(r, func() (string, error) {
			return setup.ParseChoice(setup.FieldRelease, r.entries.Get(setup.FieldRelease), releases...)
		}, &a.Release)
		required(r, setup.FieldSpecials, setup.ParseSpecials, &a.Specials)
	} else {
		a.Release, a.Specials = "", nil
	}
	read(r, func() (setup.Method, error) {
		return setup.ParseChoice(setup.FieldMethod, r.entries.Get(setup.FieldMethod), setup.MailboxAccount, setup.SharedAccount)
	}, &a.Method)
	required(r, setup.FieldMailboxes, setup.ParseAddresses, &a.Mailboxes)
	before := a.SignInAccount
	required(r, setup.FieldSignInAccount, setup.ParseAddress, &a.SignInAccount)
	if !before.Equal(a.SignInAccount) {
		// Another account on purpose: the first acceptance pins it anew.
		s.SignIn.Pinned = nil
	}
	read(r, func() ([]setup.Protocol, error) {
		return setup.ParseProtocols(setup.FieldProtocols, r.entries.all(setup.FieldProtocols))
	}, &a.Protocols)
	required(r, setup.FieldServers, setup.ParseServers, &a.Servers)
	p, ok := product.ByID(a.Product)
	a.ChecklistOnly = ok && p.Key == product.OwnKey && r.entries.Get(setup.FieldChecklistOnly) != ""
}

// stepItems are the points of the checklist that each step asks for.
var stepItems = map[setup.StepID][]setup.Item{
	setup.StepApplication: {setup.ItemNewestSpecial, setup.ItemGuide},
	setup.StepNetwork:     {setup.ItemPorts},
	setup.StepMailbox:     {setup.ItemPolicy},
	setup.StepHandover: {
		setup.ItemLocalConsole, setup.ItemAlias, setup.ItemRestarted, setup.ItemWorkflow, setup.ItemStillFetching, setup.ItemAlarm,
	},
}

// Items are the points of the checklist that the page of a step asks for; none
// for a product without the vendor's list.
func Items(v View, step setup.StepID) []setup.Item {
	if v.Product.Key != product.OwnKey {
		return nil
	}
	return stepItems[step]
}

// checklist reads what is stated about the points of a step. A point that the
// form does not ask for keeps what was said.
func (r *reader) checklist(s *setup.Setup, step setup.StepID, by string, at time.Time) {
	for _, item := range stepItems[step] {
		field := setup.Field(item)
		if _, asked := r.entries[string(field)]; !asked {
			continue
		}
		standing := setup.Standing("")
		if r.entries.Get(field) != "" {
			read(r, func() (setup.Standing, error) {
				return setup.ParseChoice(field, r.entries.Get(field), setup.StandingYes, setup.StandingNo, setup.StandingUnknown)
			}, &standing)
		}
		s.State(item, standing, by, at)
	}
}

func (r *reader) addresses(s *setup.Setup) {
	p, _ := product.ByID(s.Application.Product)
	if !p.OwnRedirect {
		s.Addresses = setup.Addresses{}
		return
	}
	required(r, setup.FieldProductURL, setup.ParseURL, &s.Addresses.ProductURL)
	required(r, setup.FieldConsoleURL, setup.ParseURL, &s.Addresses.ConsoleURL)
	optional(r, setup.FieldProductRedirectURI, setup.ParseURL, &s.Addresses.ProductRedirectURI)
}

func (r *reader) registration(s *setup.Setup, providers []provider.Provider) {
	reg := &s.Registration
	var clouds []string
	for _, p := range providers {
		clouds = append(clouds, p.ID)
	}
	if _, asked := r.entries[string(setup.FieldCloud)]; !asked {
		// Discovery chooses, so the page asks only when that has failed.
		if !slices.Contains(clouds, reg.Cloud) {
			reg.Cloud = clouds[0]
		}
	} else {
		read(r, func() (string, error) {
			return setup.ParseChoice(setup.FieldCloud, r.entries.Get(setup.FieldCloud), clouds...)
		}, &reg.Cloud)
	}
	i := max(slices.IndexFunc(providers, func(p provider.Provider) bool { return p.ID == reg.Cloud }), 0)
	p := providers[i]
	if p.Claims.Tenant != "" {
		required(r, setup.FieldTenant, setup.ParseTenant, &reg.Tenant)
	} else {
		reg.Tenant = ""
	}
	read(r, func() (string, error) {
		return setup.ParseClientID(setup.FieldClientID, r.entries.Get(setup.FieldClientID), p.GUIDs)
	}, &reg.ClientID)
	required(r, setup.FieldSecretEnds, setup.ParseDate, &reg.SecretEnds)
	if typed := r.entries.Get(setup.FieldRedirectURIs); strings.TrimSpace(typed) == "" {
		reg.RedirectURIs = nil
	} else {
		required(r, setup.FieldRedirectURIs, setup.ParseURLs, &reg.RedirectURIs)
	}
}

// maxSecret is far above any client secret in use, minSecret far below those
// that Entra makes (40 characters).
const (
	maxSecret = 1024
	minSecret = 8
)

// secretEntry returns the client secret of a form; zero if none was typed.
// Blanks at the ends come from copying and are dropped; the problem never
// carries the value. An ID in place of the value replaces no stored one: the
// first one in a step is kept, so that the problem stands there with the request
// to whoever has the value. first is that case.
func (r *reader) secretEntry(p provider.Provider, first bool) secret.Text {
	value := strings.TrimSpace(r.entries.Get(setup.FieldClientSecret))
	var problem setup.Problem
	switch {
	case len(value) > maxSecret:
		problem = setup.ProblemTooLong
	case strings.IndexFunc(value, func(c rune) bool { return c < 0x20 || c > 0x7e }) >= 0:
		problem = setup.ProblemControl
	case p.GUIDs && setup.IsGUID(value) && !first:
		problem = setup.ProblemSecretID
	case p.GUIDs && value != "" && len(value) < minSecret:
		problem = setup.ProblemTooShort
	default:
		return secret.New(value)
	}
	r.problems = append(r.problems, &setup.InputError{Field: setup.FieldClientSecret, Problem: problem})
	return secret.Text{}
}

func (r *reader) mailbox(s *setup.Setup) {
	e := &s.Mailbox
	read(r, func() (setup.Decision, error) {
		offered := []setup.Decision{setup.ByStatement, setup.ByVerification}
		if e.Exchange != nil {
			offered = append(offered, setup.ByScript) // chosen again after the block was read
		}
		return setup.ParseChoice("decision", r.entries.Get("decision"), offered...)
	}, &e.Decision)
	e.Statement = nil
	if e.Decision != setup.ByStatement {
		return
	}
	e.Statement = map[setup.Subject]setup.Standing{}
	for _, subject := range check.Subjects(s.Application) {
		field := setup.Field(subject)
		var standing setup.Standing
		read(r, func() (setup.Standing, error) {
			return setup.ParseChoice(field, r.entries.Get(field), setup.StandingYes, setup.StandingNo, setup.StandingUnknown)
		}, &standing)
		if standing != "" {
			e.Statement[subject] = standing
		}
	}
}

func (r *reader) verification(s *setup.Setup) {
	s.Verification.TestMessage = nil
	for _, typed := range r.entries.all(setup.FieldTestMessage) {
		for _, m := range s.Application.Mailboxes {
			if m.Equal(setup.Address(typed)) && !slices.Contains(s.Verification.TestMessage, m) {
				s.Verification.TestMessage = append(s.Verification.TestMessage, m)
			}
		}
	}
}

func (r *reader) handover(s *setup.Setup) {
	read(r, func() (setup.KeyDecision, error) {
		if s.Application.ChecklistOnly {
			return setup.NoKey, nil
		}
		return setup.ParseChoice("key", r.entries.Get("key"), setup.DeleteTestKey, setup.KeepWatchman, setup.LatchkeyKeeps)
	}, &s.Handover.Key)
}
