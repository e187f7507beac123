package wizard

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/oauth"
	"latchkey/internal/probe"
)

const (
	// linkLife is how long a sign-in link can be opened.
	linkLife = 30 * time.Minute
	// signInLife is how long after the link was used the callback is awaited.
	signInLife = 30 * time.Minute
	// stagedLife is how long a token waits for acceptance.
	stagedLife = 10 * time.Minute
	// redeemLife is longer than a token request with everything around it;
	// after it a process that was redeeming is known to be dead.
	redeemLife = 60 * time.Second
	// authLeeway is granted to the clocks of two machines.
	authLeeway = 2 * time.Minute
)

// Names under which an attempt's secrets are sealed.
const (
	pendingName = "pending"
	stagedName  = "staged"
)

// failureRecord is how a failure is stored: only fields that hold no secret.
type failureRecord struct {
	Guard   check.Guard    `json:"guard,omitempty"`
	Refused *oauth.Refused `json:"refused,omitempty"`
	Error   *oauthRecord   `json:"error,omitempty"`
}

type oauthRecord struct {
	Endpoint      oauth.Endpoint `json:"endpoint"`
	Grant         string         `json:"grant,omitempty"`
	HTTPStatus    int            `json:"http_status,omitempty"`
	Code          string         `json:"code,omitempty"`
	Description   string         `json:"description,omitempty"`
	Suberror      string         `json:"suberror,omitempty"`
	Subcode       string         `json:"subcode,omitempty"`
	Numbers       []int          `json:"numbers,omitempty"`
	TraceID       string         `json:"trace_id,omitempty"`
	CorrelationID string         `json:"correlation_id,omitempty"`
	Body          string         `json:"body,omitempty"`
	Transport     string         `json:"transport,omitempty"`
	// Network is set where the transport was the network, so that a sign-in
	// that could not be redeemed is explained like any other closed way.
	Network *networkRecord `json:"network,omitempty"`
}

type networkRecord struct {
	Target probe.Target `json:"target"`
	Stage  probe.Stage  `json:"stage"`
	Kind   probe.Kind   `json:"kind"`
}

// fail writes the failure into a.
func (a *Attempt) fail(guard check.Guard, err error, now time.Time) error {
	r := failureRecord{Guard: guard}
	var oe *oauth.Error
	if errors.As(err, &oe) {
		r.Error = &oauthRecord{
			oe.Endpoint, oe.Grant, oe.HTTPStatus, oe.Code, oe.Description, oe.Suberror, oe.Subcode,
			oe.Numbers, oe.TraceID, oe.CorrelationID, oe.Body, "", nil,
		}
		if oe.Err != nil {
			r.Error.Transport = probe.Said(oe.Err)
		}
		var pe *probe.Error
		if errors.As(oe.Err, &pe) {
			r.Error.Network = &networkRecord{pe.Target, pe.Stage, pe.Kind}
		}
	}
	errors.As(err, &r.Refused)
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("wizard: failure of attempt %s: %w", a.ID, err)
	}
	a.State, a.Failure, a.Finished = AttemptFailed, b, now
	return nil
}

func (a Attempt) failure() *check.Failure {
	if len(a.Failure) == 0 {
		return nil
	}
	var r failureRecord
	if err := json.Unmarshal(a.Failure, &r); err != nil {
		return &check.Failure{Guard: check.GuardIDToken}
	}
	f := &check.Failure{Guard: r.Guard}
	switch {
	case r.Error != nil:
		e := r.Error
		oe := &oauth.Error{
			Endpoint: e.Endpoint, Grant: e.Grant, HTTPStatus: e.HTTPStatus, Code: e.Code, Description: e.Description,
			Suberror: e.Suberror, Subcode: e.Subcode, Numbers: e.Numbers, TraceID: e.TraceID,
			CorrelationID: e.CorrelationID, Body: e.Body,
		}
		if e.Transport != "" {
			oe.Err = errors.New(e.Transport)
		}
		if n := e.Network; n != nil {
			oe.Err = &probe.Error{Target: n.Target, Stage: n.Stage, Kind: n.Kind, Err: errors.New(e.Transport)}
		}
		f.Err = oe
	case r.Refused != nil:
		f.Err = r.Refused
	}
	return f
}

// outcome is what the checks need to know of the newest sign-in.
func (a Attempt) outcome() check.SignIn {
	in := check.SignIn{
		Identity: a.Identity, Basis: a.Basis, Asked: a.Scopes, Granted: a.Granted,
		OtherJar: a.OtherJar, NewJar: a.NewJar, Cookies: a.Cookies, FreshLogin: a.FreshLogin, RightOne: a.RightOne,
	}
	switch a.State {
	case AttemptAccepted:
		in.Finished, in.Accepted = true, true
	case AttemptRefused:
		in.Finished, in.Refused = true, true
	case AttemptFailed, AttemptLost:
		in.Finished, in.Failure = true, a.failure()
	case AttemptStaged, AttemptReplaced, AttemptExpired:
		in.Finished = true
	}
	return in
}

// Session is what the evidence of a adds up to.
func (a Attempt) Session() check.Session { return a.outcome().Session() }

// Dropped reports whether a token came and was not kept.
func (a Attempt) Dropped() bool {
	switch a.State {
	case AttemptRefused:
		return true
	case AttemptFailed, AttemptExpired, AttemptReplaced:
		f := a.failure()
		return a.Identity.UserName != "" || f != nil && f.Guard == check.GuardIDToken
	}
	return false
}

// Final reports whether nothing more can come of a.
func (a Attempt) Final() bool {
	switch a.State {
	case AttemptAccepted, AttemptRefused, AttemptFailed, AttemptReplaced, AttemptExpired, AttemptLost:
		return true
	}
	return false
}

// StagedUntil is when a token that waits for acceptance is dropped.
func (a Attempt) StagedUntil() time.Time { return a.Finished.Add(stagedLife) }

// reopen takes back what a person has pasted, because the provider answers
// itself.
func (a *Attempt) reopen() {
	a.State, a.Pasted, a.Told, a.Failure, a.Finished = AttemptConfirmed, false, false, nil, time.Time{}
}

// overdue returns the state that a has reached by time alone, and whether that
// is another one than it is in.
func (a Attempt) overdue(now time.Time) (AttemptState, bool) {
	switch {
	case a.State == AttemptCreated && now.After(a.Expires),
		(a.State == AttemptConfirmed || a.State == AttemptArrived) && now.After(a.Confirmed.Add(signInLife)),
		a.State == AttemptStaged && now.After(a.Finished.Add(stagedLife)):
		return AttemptExpired, true
	case a.State == AttemptRedeeming && now.After(a.Arrived.Add(redeemLife)):
		return AttemptLost, true
	case a.Pasted && now.After(a.Confirmed.Add(signInLife)):
		return a.State, true // the explanation stays; its secrets go
	}
	return a.State, false
}
