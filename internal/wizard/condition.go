package wizard

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/product"
	"latchkey/internal/setup"
)

// Condition is how a mailbox stands as a whole, in one word of lists.
type Condition string

// The conditions, the most urgent first.
const (
	SignInAgain    Condition = "sign_in_again"
	NeedsAttention Condition = "needs_attention"
	NotFetching    Condition = "not_fetching" // the watch finds mail that nobody takes
	EndsSoon       Condition = "ends_soon"
	Renewing       Condition = "renewing"
	Renewed        Condition = "renewed"
	NotSeen        Condition = "not_seen"    // done, and nobody has seen the product fetch
	HandedOver     Condition = "handed_over" // the same, and Latchkey signed in nowhere
	Waiting        Condition = "waiting"
	SettingUp      Condition = "setting_up"
	Working        Condition = "working"
)

var urgency = []Condition{
	SignInAgain, NeedsAttention, NotFetching, EndsSoon, Renewing, Renewed, NotSeen, HandedOver, Waiting, SettingUp, Working,
}

const (
	soon    = 30 * 24 * time.Hour // before an end, somebody has to act
	inSight = 60 * 24 * time.Hour // before an end, it counts in lists
)

// Condition says it. Nothing is called working that nobody has seen working.
func (v View) Condition() Condition {
	ends := v.NextEnd()
	switch {
	case v.SignInAgain():
		return SignInAgain
	case v.Setup.Reissue != nil && v.Worst() == flow.NeedsAttention:
		return NeedsAttention
	case v.Reissuing():
		return Renewing
	case v.Setup.Reissue != nil && !v.Setup.Reissue.Passed.IsZero() && !v.Done():
		return Renewed
	case v.Done() && v.notFetching():
		return NotFetching
	case v.Done() && ends.What != "" && ends.At.Sub(v.Now) < soon:
		return EndsSoon
	case v.Done() && v.unseen():
		if v.Setup.Application.ChecklistOnly {
			return HandedOver
		}
		return NotSeen
	case v.Done():
		return Working
	}
	switch v.Worst() {
	case flow.NeedsAttention, flow.OutOfDate:
		return NeedsAttention
	case flow.Waiting:
		return Waiting
	}
	return SettingUp
}

// Warnings counts the warnings that stand.
func (v View) Warnings() (n int) {
	for _, st := range v.Steps {
		for _, f := range st.Findings() {
			if f.Severity() == finding.Warning {
				n++
			}
		}
	}
	return n
}

// Fetching is when the product was seen to fetch: a person has said so after
// the first token's end, or the watch found only young messages. An empty
// inbox, which the watch notes, is a sign and no proof. Zero: nobody has.
func (v View) Fetching() (at time.Time) {
	st, _ := v.Step(setup.StepHandover)
	for _, c := range st.Checks {
		if c.Check != check.StillFetching && c.Check != check.ProductFetches || !c.Current {
			continue
		}
		found := c.Result.Findings
		if c.Check == check.ProductFetches && len(found) > 0 && found[0].Severity() != finding.Note {
			return time.Time{}
		}
		if len(found) == 0 && c.Result.SkippedBy == "" && c.Result.At.After(at) {
			at = c.Result.At
			if c.Check == check.StillFetching {
				at = v.Setup.Checklist[setup.ItemStillFetching].At
			}
		}
	}
	return at
}

// notFetching reports whether the watch has found a message that the product
// should have taken long ago. What Latchkey itself can do still works.
func (v View) notFetching() bool {
	st, _ := v.Step(setup.StepHandover)
	return slices.ContainsFunc(st.Checks, func(c flow.CheckState) bool {
		return c.Check == check.ProductFetches && c.Current && c.Result != nil &&
			slices.ContainsFunc(c.Result.Findings, func(f finding.Finding) bool { return f.Severity() == finding.Warning })
	})
}

// unseen: a product with its own token fetches where Latchkey cannot look, and
// with a checklist alone Latchkey signs in nowhere.
func (v View) unseen() bool {
	return (v.Product.Key == product.OwnKey || v.Setup.Application.ChecklistOnly) && v.Fetching().IsZero()
}

// Expiry is something that ends on a known day.
type Expiry struct {
	What string // "client_secret" or "inactivity"
	At   time.Time
}

// idleLife is how long a refresh token lives without use
// (learn.microsoft.com/entra/identity-platform/refresh-tokens, 2026-11-21).
const idleLife = 90 * 24 * time.Hour

// Expiries lists what is known to end.
func (v View) Expiries() []Expiry {
	var list []Expiry
	if ends := v.SecretEnds; ends != "" {
		list = append(list, Expiry{"client_secret", ends.Time()})
	}
	if v.Key.Present {
		list = append(list, Expiry{"inactivity", maxTime(v.Key.Accepted, v.Key.Renewed).Add(idleLife)})
	}
	return list
}

// NextEnd is the earliest of them; the zero Expiry where none is known.
func (v View) NextEnd() (first Expiry) {
	for _, e := range v.Expiries() {
		if first.What == "" || e.At.Before(first.At) {
			first = e
		}
	}
	return first
}

// byUrgency orders a list: what needs somebody most, then what ends first, then
// by name.
func byUrgency(a, b View) int {
	end := func(v View) time.Time {
		if at := v.NextEnd().At; !at.IsZero() && at.Sub(v.Now) < inSight {
			return at
		}
		return v.Now.Add(inSight)
	}
	return cmp.Or(
		cmp.Compare(slices.Index(urgency, a.Condition()), slices.Index(urgency, b.Condition())),
		end(a).Compare(end(b)),
		strings.Compare(a.Setup.Title(), b.Setup.Title()),
	)
}
