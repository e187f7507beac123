package check

import (
	"context"
	"strconv"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/setup"
)

// Check is one judgement as a value: what it reads, what it may find, and how
// it is run.
type Check struct {
	ID    string
	Reads []setup.Field
	// Needs lists fields without which there is nothing to judge: while one of
	// them is empty the check does not run and its step is not done.
	Needs []setup.Field
	// Enough is a field that is judged as soon as it is filled, whatever of
	// Needs is still empty.
	Enough setup.Field
	// After lists checks that must have passed on the same setup first; a
	// blocked one makes this check skipped, not failed.
	After []*Check
	// NeededBy is the step whose gate a blocker closes; "" means the next one.
	// A target's own NeededBy wins.
	NeededBy setup.StepID
	// Targets lists what is judged; nil means the setup as a whole. An empty
	// list means the check does not apply.
	Targets func(*Env) []Target
	Finds   []*finding.Definition
	// Timeout bounds one run on one target.
	Timeout time.Duration
	// MaxAge makes an automatic result run again when somebody looks; zero
	// never ages.
	MaxAge time.Duration
	Grade  Grade
	// Rejudges: what was pasted or stated names what it speaks of, so that it is
	// judged anew by itself when other answers change, and with MaxAge when time
	// alone changes the judgement. The evidence itself never ages.
	Rejudges bool
	// Settles are doubts of other checks about the same mailbox that a pass of
	// this one removes.
	Settles []*finding.Definition
	// Token says that the check uses the mailbox token: it runs only when a
	// token is there.
	Token bool
	Run   func(context.Context, *Env, Target) Outcome
}

// Grade says what a result rests on. Only automatic results age, and only
// automatic checks run by themselves after a change: what a person has pasted
// or stated spoke of the old values, so the person is asked again.
type Grade string

// A check is automatic, judges pasted evidence, or records a human statement.
const (
	Automatic Grade = "automatic"
	Pasted    Grade = "pasted"
	Human     Grade = "human"
)

// Target is one thing a check judges. The zero Target is the setup itself.
type Target struct {
	Mailbox  setup.Address  `json:"mailbox,omitempty"`
	Protocol setup.Protocol `json:"protocol,omitempty"`
	Server   string         `json:"server,omitempty"` // who connects
	Host     string         `json:"host,omitempty"`   // to where
	Port     int            `json:"port,omitempty"`

	NeededBy setup.StepID `json:"-"`
}

// Key names the target within its check; results are stored under it.
func (t Target) Key() string {
	key := ""
	for _, part := range []string{t.Server, string(t.Mailbox), string(t.Protocol), t.Host} {
		if part == "" {
			continue
		}
		if key != "" {
			key += " "
		}
		key += part
	}
	if t.Port != 0 {
		key += ":" + strconv.Itoa(t.Port)
	}
	return key
}

// Outcome is what a run has produced: findings, and facts worth showing that
// nobody has to act on.
type Outcome struct {
	Findings []finding.Finding
	Facts    []Fact
	// Pending: what is waited for still has time, so there is no judgement yet.
	// The check has a MaxAge, after which somebody who looks has it run again.
	Pending bool
}

// Fact is one observed value: a duration, a lifetime, the login name that
// worked. Names are snake_case and stable; the languages have a word for each.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Passed is the outcome of a check that found nothing.
func Passed(facts ...Fact) Outcome { return Outcome{Facts: facts} }

// Found is the outcome of a check that found something.
func Found(findings ...finding.Finding) Outcome { return Outcome{Findings: findings} }

// TargetsOf returns what c judges for env.
func (c *Check) TargetsOf(env *Env) []Target {
	if c.Targets == nil {
		return []Target{{}}
	}
	return c.Targets(env)
}

// Fingerprint ties a result of c on t to what env holds now.
func (c *Check) Fingerprint(env *Env, t Target) (string, error) {
	return setup.Fingerprint(c.ID, t.Key(), c.Reads, env.Setup.Values, env.Config.Values)
}

// RunsAlone reports whether c may run again without a person: automatic checks,
// and those that can tell from the evidence whether it speaks of today's
// values. What else was pasted or stated spoke of the old ones.
func (c *Check) RunsAlone() bool { return c.Grade == Automatic || c.Rejudges }

// Waiting returns the fields c needs that are still empty.
func (c *Check) Waiting(s setup.Setup) []setup.Field {
	if c.Enough != "" && !s.Empty(c.Enough) {
		return nil
	}
	var empty []setup.Field
	for _, f := range c.Needs {
		if s.Empty(f) {
			empty = append(empty, f)
		}
	}
	return empty
}
