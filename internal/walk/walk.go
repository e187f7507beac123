package walk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"latchkey/internal/lab"
)

// Options are what a walk needs.
type Options struct {
	// Start starts the product beside a lab and returns its address, the
	// one-time link of the first administrator, and how to stop it.
	Start func(_ context.Context, _ *lab.Lab, now func() time.Time) (url, adminLink string, stop func() error, err error)
	// Delay scales Exchange's own delays, see lab.Options.
	Delay float64
}

// Outcome is what one scenario has shown.
type Outcome struct {
	Name     string  `json:"name"`
	Expected Expect  `json:"expected"`
	Steps    []Step  `json:"steps"`
	OK       bool    `json:"ok"`
	Seconds  float64 `json:"seconds"`
	// Fault says why the walk could not be walked: a page without the expected
	// control, a server that did not start.
	Fault string `json:"fault,omitempty"`
}

// Expect is where a scenario must stop, and with what.
type Expect struct {
	Step string `json:"step"`
	Code string `json:"code"`
}

// Step is one row as the pages show it at the end.
type Step struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Findings []Finding `json:"findings"`
}

// Finding is one card.
type Finding struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Actor    string `json:"actor"`
}

// limit bounds one scenario.
const limit = 3 * time.Minute

// Walk starts a lab in a scenario and the product beside it, and walks as far
// as the pages let it.
func Walk(ctx context.Context, o Options, s lab.Scenario) (out Outcome) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start := time.Now()
	out = Outcome{Name: s.Name, Expected: Expect{s.Step, s.Code}, Steps: []Step{}}
	defer func() {
		out.Seconds = float64(time.Since(start).Milliseconds()) / 1000
		out.OK = out.Fault == "" && out.asExpected()
	}()
	var clock clock
	microsoft, err := lab.Start(ctx, lab.Options{Scenario: s.Name, Delay: o.Delay, Now: clock.now})
	if err != nil {
		out.Fault = err.Error()
		return out
	}
	url, adminLink, stop, err := o.Start(ctx, microsoft, clock.now)
	if err != nil {
		out.Fault = errors.Join(err, microsoft.Close()).Error()
		return out
	}
	p, err := newPerson(ctx, url, adminLink, microsoft, s)
	if err == nil {
		if err = p.story(&clock); errors.Is(err, errStopped) {
			err = nil
		}
		var seen error
		if out.Steps, seen = p.readAll(); seen != nil {
			err = errors.Join(err, seen)
		}
	}
	if err = errors.Join(err, stop(), microsoft.Close()); err != nil {
		out.Fault = err.Error()
	}
	return out
}

// asExpected: the expected finding stands first at the expected step and every
// step before it is done; without one, all steps are done.
func (o Outcome) asExpected() bool {
	for _, s := range o.Steps {
		if s.ID == o.Expected.Step && o.Expected.Code != "" {
			return len(s.Findings) > 0 && s.Findings[0].Code == o.Expected.Code
		}
		if s.State != "done" {
			return false
		}
	}
	return len(o.Steps) == 8
}

// errStopped ends a story: a step needs attention, and nobody is there to
// repair it.
var errStopped = errors.New("walk: a step needs attention")

// person is somebody at a normal window (desk), with a private window and the
// portal open beside it.
type person struct {
	ctx       context.Context
	desk      *window
	private   *window
	portal    *window
	url       string
	adminLink string
	lab       lab.Info
	scenario  lab.Scenario
	setup     string // path of the setup
}

func newPerson(ctx context.Context, url, adminLink string, l *lab.Lab, s lab.Scenario) (*person, error) {
	p := &person{ctx: ctx, url: url, adminLink: adminLink, lab: l.Info(), scenario: s}
	for _, w := range []**window{&p.desk, &p.private, &p.portal} {
		var err error
		if *w, err = newWindow(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// account is who signs in, and for which mailbox.
func (p *person) account() (user, mailbox string) {
	if p.scenario.SharedAccount {
		return "svc-mail@" + p.lab.Domain, "sales@" + p.lab.Domain
	}
	return "support@" + p.lab.Domain, "support@" + p.lab.Domain
}

func (p *person) password(user string) string {
	for _, a := range p.lab.Accounts {
		if a.User == user {
			return a.Password
		}
	}
	return ""
}

// story goes through the eight steps. Each chapter ends with errStopped where
// the pages say that something needs attention.
func (p *person) story(clock *clock) error {
	chapters := []func() error{
		p.claim, p.begin, p.application, p.addresses, p.registration, p.network, p.mailbox, p.signIn, p.verification, p.handover,
	}
	if p.scenario.Age > 0 {
		chapters = append(chapters, func() error { clock.advance(p.scenario.Age); return nil },
			p.logIn, p.signInAgain, p.verificationAgain, p.handover)
	}
	for _, chapter := range chapters {
		if err := chapter(); err != nil {
			return err
		}
	}
	return nil
}

// clock is the time of the lab and of the product in one walk.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// The person's account at the product.
const (
	name     = "Walker"
	password = "a quiet harbour at dusk"
)

func (p *person) claim() error {
	if err := p.desk.open(p.adminLink); err != nil {
		return err
	}
	return p.desk.press("Create the administrator",
		entry{"Name", name}, entry{"Password", password}, entry{"The same password again", password})
}

func (p *person) begin() error {
	if err := p.desk.follow("Add a mailbox"); err != nil {
		return err
	}
	if err := p.desk.press("Start the setup"); err != nil {
		return err
	}
	p.setup = p.url + strings.TrimSuffix(p.desk.page.url.Path, "/application")
	return nil
}

func (p *person) application() error {
	user, mailbox := p.account()
	method := "Mailbox account"
	if p.scenario.SharedAccount {
		method = "Shared account"
	}
	return p.submit("Save and check",
		entry{"Another mail application", ""}, entry{method, ""}, entry{"Mailboxes", mailbox}, entry{"Sign-in account", user},
		entry{"IMAP", ""}, entry{"POP3", ""}, entry{"SMTP", ""})
}

func (p *person) addresses() error {
	if err := p.onward(); err != nil {
		return err
	}
	return p.settle()
}

// registration goes to the portal as the Microsoft 365 administrator would:
// adds the redirect URI that the page shows, creates a secret, and copies what
// the portal shows.
func (p *person) registration() error {
	if err := p.onward(); err != nil {
		return err
	}
	uri := p.desk.page.copied("Redirect URI")
	clientID, tenant, secret, err := p.atPortal(uri)
	if err != nil {
		return err
	}
	entries := []entry{
		{"Directory (tenant) ID", tenant}, {"Application (client) ID", clientID}, {"Client secret value", secret},
	}
	if p.scenario.PastesManifest {
		if err := p.portal.follow("Manifest"); err != nil {
			return err
		}
		if err := p.submit("Read it", entry{"Block or manifest", p.portal.page.textByID("manifest")}); err != nil && !errors.Is(err, errStopped) {
			return err
		}
	} else if !p.scenario.SkipsRedirectPaste {
		registered, err := p.registeredURIs()
		if err != nil {
			return err
		}
		entries = append(entries, entry{"Registered redirect URIs", strings.Join(registered, "\n")})
	}
	return p.submit("Save and check", entries...)
}

func (p *person) atPortal(uri string) (clientID, tenant, secret string, err error) {
	w := p.portal
	if err = w.open(p.lab.Portal); err != nil {
		return
	}
	if err = w.follow("Mailbox connector"); err != nil {
		return
	}
	clientID, tenant = w.page.textByID("client-id"), w.page.textByID("tenant-id")
	if err = w.follow("Authentication"); err != nil {
		return
	}
	if err = w.press("Add", entry{"Redirect URI", uri}); err != nil {
		return
	}
	if err = w.follow("Certificates & secrets"); err != nil {
		return
	}
	if err = w.press("Add a client secret", entry{"Description", "Latchkey"}); err != nil {
		return
	}
	secret = w.page.textByClass("secret-value")
	if secret == "" {
		secret = w.page.textByClass("secret-id") // all that is left to copy
	}
	return
}

// registeredURIs copies the list of the registration, as a person does who
// wants to be sure.
func (p *person) registeredURIs() ([]string, error) {
	if err := p.portal.follow("Authentication"); err != nil {
		return nil, err
	}
	return p.portal.page.textsByClass("redirect-uri"), nil
}

func (p *person) network() error {
	if err := p.onward(); err != nil {
		return err
	}
	return p.settle()
}

func (p *person) mailbox() error {
	if err := p.onward(); err != nil {
		return err
	}
	return p.submit("Save and check", entry{"Step 7 will show it", ""})
}

func (p *person) verification() error {
	if err := p.onward(); err != nil {
		return err
	}
	if err := p.settle(); err != nil {
		return err
	}
	_, mailbox := p.account()
	return p.submit("Save and verify", entry{mailbox, ""})
}

func (p *person) handover() error {
	if err := p.onward(); err != nil {
		return err
	}
	key := "Delete this sign-in"
	if p.scenario.Age > 0 {
		key = "Keep it and renew it"
	}
	return p.submit("Save and finish", entry{key, ""})
}

// submit sends the form of the step and waits until its checks have ended.
func (p *person) submit(button string, entries ...entry) error {
	if err := p.desk.press(button, entries...); err != nil {
		return err
	}
	if p.desk.page.status != 200 {
		return fmt.Errorf("walk: %s answered %d: %.400s", p.desk.page.url.Path, p.desk.page.status, p.desk.page.text())
	}
	return p.settle()
}

// onward goes to the next step by the link at the end of the page.
func (p *person) onward() error { return p.desk.follow("Continue to step") }

// settle looks at the page again until nothing is being checked any more, and
// tells whether the person can go on.
func (p *person) settle() error {
	for {
		page := p.desk.page
		if len(page.all("progress")) == 0 {
			if page.problem() || !page.leadsOn() {
				return errStopped
			}
			return nil
		}
		if err := wait(p.ctx, 200*time.Millisecond); err != nil {
			return err
		}
		if err := p.desk.open(page.url.String()); err != nil {
			return err
		}
	}
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("walk: %w", ctx.Err())
	}
}
