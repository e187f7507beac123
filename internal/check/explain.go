package check

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/probe"
	"latchkey/internal/provider"
)

// Internal is the outcome of a check that could not do its work for reasons of
// ours. ref leads to the line in the log that has the details.
func Internal(c *Check, ref string) Outcome {
	return Found(finding.New(provider.InternalError, "check", c.ID).With("latchkey", "fault in "+c.ID, ref))
}

// errInternal marks an error that is ours: the runner logs it and reports
// internal_error.
type errInternal struct{ err error }

func (e errInternal) Error() string { return e.err.Error() }
func (e errInternal) Unwrap() error { return e.err }

// Linked gives the findings of out the addresses of the portal pages that they
// name, for the application of this setup. The runner calls it for every check:
// only what the provider explains has them already.
func (e *Env) Linked(out Outcome) Outcome {
	for i, f := range out.Findings {
		out.Findings[i] = e.Provider.Linked(f, e.Setup.Registration.ClientID)
	}
	return out
}

// explain turns an error of oauth or probe into its finding. Any other error
// is a fault of ours; it leaves as a panic, which the runner contains, logs
// and reports as internal_error of this check alone.
func (e *Env) explain(err error, t Target) Outcome {
	return e.explainIn(err, e.context(t))
}

func (e *Env) explainIn(err error, c provider.Context) Outcome {
	var pe *probe.Error
	if errors.As(err, &pe) {
		c.Host, c.Port = pe.Target.Host, portText(pe.Target.Port)
	}
	f, ok := e.Provider.ExplainError(err, c)
	if !ok {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return Found(finding.New(provider.ServerSilent, "server", c.Server, "host", c.Host, "port", c.Port))
		}
		panic(errInternal{err})
	}
	return Found(f)
}

func portText(port int) string { return strconv.Itoa(port) }

// timing turns the measured stages into facts, in milliseconds.
func timing(times map[probe.Stage]time.Duration) []Fact {
	var facts []Fact
	for _, stage := range []probe.Stage{
		probe.Resolve, probe.Dial, probe.TLSStage, probe.Greeting, probe.Capability, probe.STARTTLSStage,
	} {
		if d, ok := times[stage]; ok {
			facts = append(facts, Fact{"ms_" + string(stage), fmt.Sprint(d.Milliseconds())})
		}
	}
	return facts
}
