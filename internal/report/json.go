package report

import (
	"encoding/json"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/locale"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// Schema is the version of the JSON documents. A field is added without
// raising it; nothing is renamed or removed within it.
const Schema = 1

// Document is a setup as it stands at one moment.
type Document struct {
	Schema    int       `json:"schema"`
	Version   string    `json:"version"`
	Language  string    `json:"language"`
	Generated time.Time `json:"generated"`

	Setup Setup  `json:"setup"`
	Flow  string `json:"flow"`
	OK    bool   `json:"ok"` // every step done
	// Condition is how the mailbox stands as a whole, Warnings how many stand.
	Condition wizard.Condition `json:"condition"`
	Warnings  int              `json:"warnings"`
	Steps     []Step           `json:"steps"`
	Next      *Next            `json:"next,omitempty"`
	SignIn    SignIn           `json:"sign_in"`
	Key       Key              `json:"key"`
	People    []Who            `json:"people"`
	History   []Act            `json:"history,omitempty"`
}

// Setup is what was answered, without secrets.
type Setup struct {
	ID            string           `json:"id"`
	Title         string           `json:"title"`
	Product       string           `json:"product"`
	Release       string           `json:"release,omitempty"`
	Method        setup.Method     `json:"method"`
	Mailboxes     []setup.Address  `json:"mailboxes"`
	SignInAccount setup.Address    `json:"sign_in_account"`
	Protocols     []setup.Protocol `json:"protocols"`
	Provider      string           `json:"provider"`
	Tenant        string           `json:"tenant,omitempty"`
	TenantID      string           `json:"tenant_id,omitempty"` // as the sign-in service names it
	ClientID      string           `json:"client_id"`
	SecretEnds    setup.Date       `json:"client_secret_ends,omitempty"`
	RedirectURI   string           `json:"redirect_uri"`
	ProductURI    string           `json:"product_redirect_uri,omitempty"`
	Created       time.Time        `json:"created"`
}

// Step is one row with its results.
type Step struct {
	ID       setup.StepID `json:"id"`
	State    flow.State   `json:"state"`
	Findings []Finding    `json:"findings"`
	Checks   []Check      `json:"checks"`
}

// Finding is one card in words.
type Finding struct {
	Code        string             `json:"code"`
	Severity    finding.Severity   `json:"severity"`
	Actor       finding.Actor      `json:"actor"`
	Likelihood  finding.Likelihood `json:"likelihood"`
	Title       string             `json:"title"`
	Consequence string             `json:"consequence"`
	Cause       string             `json:"cause"`
	Remedy      string             `json:"remedy"`
	Command     string             `json:"command,omitempty"`
	Link        string             `json:"link,omitempty"`
	Wait        string             `json:"wait,omitempty"`
	Unconfirmed bool               `json:"unconfirmed,omitempty"`
	Other       []string           `json:"other_causes,omitempty"`
	Evidence    []finding.Evidence `json:"evidence,omitempty"`
}

// Check is one check on one target.
type Check struct {
	ID     string       `json:"id"`
	Target string       `json:"target,omitempty"`
	State  string       `json:"state"` // passed, blocker, warning, note, skipped, out_of_date, not_checked, entry_missing
	Node   string       `json:"node,omitempty"`
	At     time.Time    `json:"at,omitzero"`
	MS     int64        `json:"ms,omitempty"`
	Facts  []check.Fact `json:"facts,omitempty"`
}

// Next says who must act.
type Next struct {
	Step  setup.StepID  `json:"step"`
	Actor finding.Actor `json:"actor"`
	Name  string        `json:"name,omitempty"`
	Code  string        `json:"code,omitempty"`
}

// SignIn is the evidence of the newest sign-in.
type SignIn struct {
	State      string      `json:"state,omitempty"`
	Account    string      `json:"account,omitempty"`
	At         time.Time   `json:"at,omitzero"`
	OtherJar   check.Proof `json:"other_jar,omitempty"`
	NewJar     check.Proof `json:"new_jar,omitempty"`
	Cookies    check.Proof `json:"cookies,omitempty"`
	FreshLogin check.Proof `json:"fresh_login,omitempty"`
	RightOne   check.Proof `json:"right_account,omitempty"`
}

// Key is what is known of the stored token.
type Key struct {
	Decision setup.KeyDecision `json:"decision,omitempty"`
	Present  bool              `json:"present"`
	Scopes   []string          `json:"scopes,omitempty"`
	Accepted time.Time         `json:"accepted,omitzero"`
	Renewed  time.Time         `json:"renewed,omitzero"`
}

// Who took part.
type Who struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	State string `json:"state"`
}

// Act is one line of history.
type Act struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	Action string    `json:"action"`
}

// Of builds the document of a view in the printer's language.
func Of(v wizard.View, p *locale.Printer, version string) Document {
	s := v.Setup
	d := Document{
		Schema: Schema, Version: version, Language: p.Tag(), Generated: v.Now, Flow: v.Flow, OK: v.Done(),
		Condition: v.Condition(), Warnings: v.Warnings(),
		Setup: Setup{
			ID: string(s.ID), Title: s.Title(), Product: v.Product.Name, Release: s.Application.Release,
			Method: s.Application.Method, Mailboxes: s.Application.Mailboxes, SignInAccount: s.Application.SignInAccount,
			Protocols: s.Application.Protocols, Provider: v.Provider.Name, Tenant: s.Registration.Tenant, TenantID: v.TenantID(),
			ClientID: s.Registration.ClientID, SecretEnds: v.SecretEnds,
			RedirectURI: v.CallbackURL, ProductURI: s.Addresses.ProductRedirectURI, Created: s.CreatedAt,
		},
		Key:    Key{s.Handover.Key, v.Key.Present, v.Key.Scopes, v.Key.Accepted, v.Key.Renewed},
		People: []Who{},
	}
	for _, st := range v.Steps {
		d.Steps = append(d.Steps, stepOf(st, p))
	}
	if v.Next.Step != "" {
		d.Next = &Next{v.Next.Step, v.Next.Actor, v.Next.GuestName, v.Next.Code}
	}
	if a := v.Attempt; a.ID != "" {
		d.SignIn = SignIn{string(a.State), a.Identity.UserName, a.Finished, a.OtherJar, a.NewJar, a.Cookies, a.FreshLogin, a.RightOne}
	}
	for _, one := range v.People {
		d.People = append(d.People, Who{one.Name, string(one.Role), string(one.State)})
	}
	for _, r := range v.History {
		d.History = append(d.History, Act{r.At, r.ActorName, string(r.Action)})
	}
	return d
}

func stepOf(st flow.StepState, p *locale.Printer) Step {
	step := Step{ID: st.Step.ID, State: st.State, Findings: []Finding{}, Checks: []Check{}}
	for _, f := range st.Findings() {
		step.Findings = append(step.Findings, FindingOf(f, p))
	}
	for _, c := range st.Checks {
		one := Check{ID: c.Check.ID, Target: c.Target.Key(), State: StateOf(c)}
		if r := c.Result; r != nil {
			one.Node, one.At, one.MS, one.Facts = r.Node, r.At, r.Took.Milliseconds(), r.Facts
		}
		step.Checks = append(step.Checks, one)
	}
	return step
}

// FindingOf puts a finding into words.
func FindingOf(f finding.Finding, p *locale.Printer) Finding {
	a := p.Finding(f)
	out := Finding{
		Code: a.Code, Severity: a.Severity, Actor: a.Actor, Likelihood: a.Likelihood, Title: a.Title,
		Consequence: a.Consequence, Cause: a.Cause, Remedy: a.Remedy, Command: a.Command, Link: a.Link,
		Unconfirmed: a.Unconfirmed, Evidence: a.Evidence,
	}
	if a.Wait > 0 {
		out.Wait = a.Wait.String()
	}
	for _, other := range a.OtherCauses {
		out.Other = append(out.Other, other.Code)
	}
	return out
}

// StateOf is the state of one check in one word.
func StateOf(c flow.CheckState) string {
	switch {
	case len(c.Waiting) > 0:
		return string(flow.ReasonEntry)
	case c.Result == nil, c.Current && c.Result.Pending:
		return string(flow.ReasonNotRun)
	case !c.Current:
		return string(flow.ReasonOutOfDate)
	case c.Result.SkippedBy != "":
		return string(flow.ReasonSkipped)
	}
	worst := "passed"
	rank := 3
	for _, f := range c.Result.Findings {
		if r := f.Severity().Rank(); r < rank {
			rank, worst = r, string(f.Severity())
		}
	}
	return worst
}

// JSON writes the document.
func (d Document) JSON() ([]byte, error) { return json.MarshalIndent(d, "", "  ") }

// Blocked reports whether a blocker stands in any step.
func (d Document) Blocked() bool {
	for _, s := range d.Steps {
		for _, f := range s.Findings {
			if f.Severity == finding.Blocker {
				return true
			}
		}
	}
	return false
}

// List is the list of setups.
type List struct {
	Schema int         `json:"schema"`
	Setups []ListEntry `json:"setups"`
}

// ListEntry is one setup in a list.
type ListEntry struct {
	ID      string       `json:"id"`
	Title   string       `json:"title"`
	State   flow.State   `json:"state"`
	Step    setup.StepID `json:"step,omitempty"` // where somebody must act
	Updated time.Time    `json:"updated"`
}

// EntryOf is a setup's line in a list.
func EntryOf(v wizard.View) ListEntry {
	return ListEntry{string(v.Setup.ID), v.Setup.Title(), v.Worst(), v.Next.Step, v.Setup.UpdatedAt}
}
