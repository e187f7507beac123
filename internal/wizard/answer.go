package wizard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"time"

	"latchkey/internal/audit"
	"latchkey/internal/flow"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// Start begins a setup.
func (w *Wizard) Start(ctx context.Context, who Who) (setup.Setup, error) {
	if who.Kind != WhoAdmin && who.Kind != WhoSystem {
		return setup.Setup{}, ErrForbidden
	}
	code, err := w.newCode()
	if err != nil {
		return setup.Setup{}, err
	}
	now := w.Now().UTC()
	s := setup.Setup{ID: setup.ID(code), Version: 1, CreatedAt: now, UpdatedAt: now}
	s.Registration.Cloud = w.Options.Providers[0].ID
	err = w.Store.Update(ctx, func(tx Tx) error {
		if err := tx.InsertSetup(s); err != nil {
			return err
		}
		return w.record(tx, who, s.ID, audit.SetupCreated)
	})
	return s, err
}

// Submit is one form of a step.
type Submit struct {
	Setup setup.ID
	Step  setup.StepID
	// Basis is the StepBasis the form was made from; "" skips the comparison.
	Basis   string
	Entries Entries
	// Confirmed says that the person has seen what becomes out of date.
	Confirmed bool
	// Later saves without judging.
	Later bool
}

// Answer parses and saves the answers of one step and starts its checks.
//
// Errors: setup.InputErrors (nothing saved), *ImpactError (nothing saved, to
// be confirmed), ErrConflict (somebody saved meanwhile), ErrForbidden,
// *TooManyRunsError.
func (w *Wizard) Answer(ctx context.Context, who Who, in Submit) error {
	if !may(who, in.Setup, in.Step) {
		return ErrForbidden
	}
	if !in.Later {
		if err := w.mayRun(who, in.Setup); err != nil {
			return err
		}
	}
	var r Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		st, err := w.read(tx, in.Setup)
		if err != nil {
			return err
		}
		if in.Basis != "" && in.Basis != StepBasis(st.setup, in.Step) {
			return ErrConflict
		}
		before := st.setup
		value, err := w.apply(&st.setup, who, in)
		if err != nil {
			return err
		}
		if !in.Confirmed && !in.Later {
			impact, err := w.affected(tx, before, st, in.Step)
			if err != nil {
				return err
			}
			if len(impact.Again) > 0 {
				return &ImpactError{impact}
			}
		}
		if in.Step == setup.StepHandover && !in.Later {
			if err := w.gate(tx, st, setup.StepHandover); err != nil {
				return err
			}
		}
		if err := w.save(tx, who, in, before, &st.setup, value); err != nil || in.Later {
			return err
		}
		r, err = w.schedule(tx, in.Setup, in.Step)
		w.Hook("answer_before_commit")
		return err
	})
	if err != nil {
		return err
	}
	w.Hook("answer_committed")
	w.launch(r)
	return nil
}

// KeepTyped keeps entries of a step that were rejected, as typed, so that they
// stand in its form again. No check reads them, and the answers stay as they are.
// The caller leaves out what is secret.
func (w *Wizard) KeepTyped(ctx context.Context, who Who, in Submit) error {
	if !may(who, in.Setup, in.Step) {
		return ErrForbidden
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(in.Setup)
		if err != nil {
			return err
		}
		if s.Typed = maps.Clone(s.Typed); s.Typed == nil {
			s.Typed = map[setup.StepID]map[string][]string{}
		}
		s.Typed[in.Step] = in.Entries
		return tx.SaveSetup(&s)
	})
}

// apply parses the entries into s and returns the client secret, if one was
// typed.
func (w *Wizard) apply(s *setup.Setup, who Who, in Submit) (secret.Text, error) {
	r := &reader{entries: in.Entries, later: in.Later}
	var value secret.Text
	now := w.Now().UTC()
	switch in.Step {
	case setup.StepApplication:
		r.application(s)
	case setup.StepAddresses:
		r.addresses(s)
	case setup.StepRegistration:
		before := s.Registration.RedirectURIs
		r.registration(s, w.Options.Providers)
		value = r.secretEntry(w.line(*s).provider, s.Registration.SecretRevision == 0)
		if !reflect.DeepEqual(before, s.Registration.RedirectURIs) {
			s.Registration.RedirectURIsAt = now
		}
	case setup.StepMailbox:
		r.mailbox(s)
		if s.Mailbox.Decision != setup.ByScript { // whoever pasted the block stays its source
			s.Mailbox.By, s.Mailbox.At = who.Name, now
		}
	case setup.StepVerification:
		r.verification(s)
	case setup.StepHandover:
		r.handover(s)
		if in.Entries.Get("generated") != "" && s.Handover.GeneratedAt.IsZero() {
			s.Handover.GeneratedAt, s.Handover.GeneratedBy = now, who.Name
		}
	case setup.StepNetwork, setup.StepSignIn, setup.StepPreflight:
		// Nothing is asked there.
	default:
		return secret.Text{}, fmt.Errorf("wizard: unknown step %q", in.Step)
	}
	r.checklist(s, in.Step, who.Name, now)
	s.Typed = maps.Clone(s.Typed)
	if delete(s.Typed, in.Step); len(r.typed) > 0 {
		if s.Typed == nil {
			s.Typed = map[setup.StepID]map[string][]string{}
		}
		s.Typed[in.Step] = r.typed
	}
	return value, r.err()
}

func (w *Wizard) save(tx Tx, who Who, in Submit, before setup.Setup, s *setup.Setup, value secret.Text) error {
	if !value.IsZero() {
		if err := w.putSecret(tx, who, s, value); err != nil {
			return err
		}
	}
	s.UpdatedAt = w.Now().UTC()
	if in.Step == setup.StepHandover && !in.Later {
		if err := w.handOver(tx, who, s); err != nil {
			return err
		}
	}
	if err := tx.SaveSetup(s); err != nil {
		return err
	}
	return w.record(tx, who, in.Setup, audit.AnswersSaved, "step", string(in.Step), "fields", changed(before, *s))
}

// putSecret stores a new client secret. Its revision, never its hash, goes
// into fingerprints.
func (w *Wizard) putSecret(tx Tx, who Who, s *setup.Setup, value secret.Text) error {
	s.Registration.SecretRevision++
	s.Registration.SecretSavedBy, s.Registration.SecretSavedAt = who.Name, w.Now().UTC()
	s.Registration.SecretMadeAt = time.Time{}
	if err := tx.PutSecret(s.ID, secretName, s.Registration.SecretRevision, value); err != nil {
		return err
	}
	return w.record(tx, who, s.ID, audit.SecretSaved, "revision", fmt.Sprint(s.Registration.SecretRevision))
}

// SaveSecret stores the client secret from its own page, which shows and asks
// nothing else.
func (w *Wizard) SaveSecret(ctx context.Context, who Who, id setup.ID, entries Entries) error {
	if !may(who, id, setup.StepRegistration) {
		return ErrForbidden
	}
	if err := w.mayRun(who, id); err != nil {
		return err
	}
	var run Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		r := &reader{entries: entries}
		value := r.secretEntry(w.line(s).provider, false)
		if value.IsZero() && len(r.problems) == 0 {
			r.problems = setup.InputErrors{{Field: setup.FieldClientSecret, Problem: setup.ProblemRequired}}
		}
		var ends setup.Date
		required(r, setup.FieldSecretEnds, setup.ParseDate, &ends)
		if err := r.err(); err != nil {
			return err
		}
		if err := w.putSecret(tx, who, &s, value); err != nil {
			return err
		}
		s.Registration.SecretEnds = ends
		s.UpdatedAt = w.Now().UTC()
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		run, err = w.schedule(tx, id, setup.StepRegistration)
		return err
	})
	if err == nil {
		w.launch(run)
	}
	return err
}

// StepBasis is a short hash of one step's answers. A form carries it, so that
// two people who save the same step notice each other, and two who save
// different steps do not.
func StepBasis(s setup.Setup, step setup.StepID) string {
	var part any
	switch step {
	case setup.StepApplication:
		part = s.Application
	case setup.StepAddresses:
		part = s.Addresses
	case setup.StepRegistration:
		part = s.Registration
	case setup.StepMailbox:
		part = s.Mailbox
	case setup.StepVerification:
		part = s.Verification
	case setup.StepHandover:
		part = s.Handover
	}
	var stated []setup.Stated
	for _, item := range stepItems[step] {
		stated = append(stated, s.Checklist[item])
	}
	b, err := json.Marshal([]any{part, stated})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// results loads the stored results with their definitions.
func (w *Wizard) results(tx Tx, id setup.ID) ([]flow.Result, error) {
	results, err := tx.Results(id)
	if err != nil {
		return nil, err
	}
	for i := range results {
		for j, f := range results[i].Findings {
			results[i].Findings[j] = f.Resolve(w.index)
		}
	}
	return results, nil
}

// IsInput reports whether err is about entries, and returns them.
func IsInput(err error) (setup.InputErrors, bool) {
	var es setup.InputErrors
	ok := errors.As(err, &es)
	return es, ok
}
