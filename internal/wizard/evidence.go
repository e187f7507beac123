package wizard

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"latchkey/internal/adminscript"
	"latchkey/internal/audit"
	"latchkey/internal/check"
	"latchkey/internal/paste"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
)

// scriptLife is how old the block of a script may be: it travels by mail, and
// the other person may be in another time zone.
const scriptLife = 7 * 24 * time.Hour

// The fields of forms that take a paste. They stand in no fingerprint.
const (
	PasteProductSignIn setup.Field = "authorize_address"
	PasteRegistered    setup.Field = "registration_paste"
	PasteExchange      setup.Field = "mailbox_block"
	PasteSignInLog     setup.Field = "sign_in_log"
	PasteShown         setup.Field = "shown"
)

// ProblemHoldsCode: the paste holds something live. It was used for nothing and
// is kept nowhere; a page must not show it again either.
const ProblemHoldsCode setup.Problem = "holds_code"

// ProblemReturnAddress: the paste is what a sign-in has brought back, in place
// of what a page shows.
const ProblemReturnAddress setup.Problem = "return_address"

// PasteError says what is wrong with a paste.
type PasteError struct {
	Field setup.Field
	Fault *paste.Fault
}

// Error implements error.
func (e *PasteError) Error() string { return fmt.Sprintf("wizard: %s: %v", e.Field, e.Fault) }

// Unwrap returns the fault.
func (e *PasteError) Unwrap() error { return e.Fault }

// pasted turns the error of a parser into one of a field.
func pasted(f setup.Field, err error) error {
	var fault *paste.Fault
	switch {
	case errors.Is(err, paste.ErrReturnAddress):
		return setup.InputErrors{{Field: f, Problem: ProblemHoldsCode}}
	case errors.As(err, &fault):
		return &PasteError{f, fault}
	}
	return err
}

// PasteEvidence takes what somebody has copied from elsewhere into a step: the
// address of the product's sign-in page, the registration's manifest or the
// block of a script, the block about the mailboxes, a line of the sign-in log.
// It saves what the paste says and starts the step's checks; nothing else of
// the paste is kept.
//
// Errors: *PasteError, setup.InputErrors, ErrForbidden.
func (w *Wizard) PasteEvidence(ctx context.Context, who Who, id setup.ID, step setup.StepID, text string) error {
	f, ok := PasteFields[step]
	if !ok {
		return ErrNotFound
	}
	if !may(who, id, step) {
		return ErrForbidden
	}
	if strings.TrimSpace(text) == "" {
		return setup.InputErrors{{Field: f, Problem: setup.ProblemRequired}}
	}
	return w.changeEvidence(ctx, who, id, step, "paste", func(tx Tx, s *setup.Setup) error { return w.take(tx, who, s, f, text) })
}

// WithdrawEvidence forgets what was pasted into a step, and the answers that
// were taken from it and not changed since.
//
// Errors: ErrForbidden, ErrNotFound.
func (w *Wizard) WithdrawEvidence(ctx context.Context, who Who, id setup.ID, step setup.StepID) error {
	f, ok := PasteFields[step]
	if !ok {
		return ErrNotFound
	}
	if !may(who, id, step) {
		return ErrForbidden
	}
	return w.changeEvidence(ctx, who, id, step, "withdrawn", func(_ Tx, s *setup.Setup) error {
		withdraw(s, f)
		return nil
	})
}

// changeEvidence saves a change of what was pasted, and judges it. word says in
// the record what was done.
func (w *Wizard) changeEvidence(
	ctx context.Context, who Who, id setup.ID, step setup.StepID, word string, change func(Tx, *setup.Setup) error,
) error {
	var run Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		if err := change(tx, &s); err != nil {
			return err
		}
		s.UpdatedAt = w.Now().UTC()
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		if err := w.record(tx, who, id, audit.AnswersSaved, "step", string(step), word, string(PasteFields[step])); err != nil {
			return err
		}
		run, err = w.schedule(tx, id, step)
		return err
	})
	if err == nil {
		w.launch(run)
	}
	return err
}

func withdraw(s *setup.Setup, f setup.Field) {
	switch f {
	case PasteProductSignIn:
		p, r := s.Addresses.ProductSignIn, &s.Registration
		if p == nil {
			return
		}
		if s.Addresses.ProductRedirectURI == p.RedirectURI {
			s.Addresses.ProductRedirectURI = ""
		}
		// Once step 3 was answered, the client ID is that person's word.
		if r.Tenant == "" && r.SecretRevision == 0 && r.App == nil && strings.EqualFold(r.ClientID, p.ClientID) {
			r.ClientID = ""
		}
		s.Addresses.ProductSignIn = nil
	case PasteRegistered:
		if r := &s.Registration; r.App != nil {
			if slices.Equal(r.RedirectURIs, r.App.Web) {
				r.RedirectURIs, r.RedirectURIsAt = nil, time.Time{}
			}
			r.App = nil
		}
	case PasteExchange:
		s.Mailbox.Exchange = nil
		if s.Mailbox.Decision == setup.ByScript {
			s.Mailbox = setup.Evidence{Statement: s.Mailbox.Statement}
		}
	case PasteSignInLog:
		s.Handover.ProductSignedIn = nil
	}
}

// PasteFields are the fields that take a paste, by their step.
var PasteFields = map[setup.StepID]setup.Field{
	setup.StepAddresses:    PasteProductSignIn,
	setup.StepRegistration: PasteRegistered,
	setup.StepMailbox:      PasteExchange,
	setup.StepHandover:     PasteSignInLog,
}

func (w *Wizard) take(tx Tx, who Who, s *setup.Setup, f setup.Field, text string) error {
	now := w.Now().UTC()
	switch f {
	case PasteProductSignIn:
		p, err := paste.ParseAuthorizeAddress(text)
		if err != nil {
			return pasted(f, err)
		}
		p.By, p.At = who.Name, now
		s.Addresses.ProductSignIn = &p
		s.Addresses.ProductRedirectURI = p.RedirectURI
		if s.Registration.ClientID == "" && setup.IsGUID(p.ClientID) {
			s.Registration.ClientID = strings.ToLower(p.ClientID)
		}
		return nil
	case PasteRegistered:
		return w.takeRegistered(tx, who, s, text)
	case PasteExchange:
		b, err := paste.ParseScriptBlock(text, paste.Expect{Kind: adminscript.KindMailbox, Setup: s.ID, Now: now, Life: scriptLife})
		if err != nil {
			return pasted(f, err)
		}
		x := *b.Exchange
		x.By, x.At, x.Module, x.Repaired = b.By, b.At, b.Module, b.Task == adminscript.MailboxRepair.ID
		s.Mailbox = setup.Evidence{Decision: setup.ByScript, Exchange: &x, By: who.Name, At: now, Statement: s.Mailbox.Statement}
		return nil
	default:
		masked, live := paste.Mask(text)
		if live {
			return setup.InputErrors{{Field: f, Problem: ProblemHoldsCode}}
		}
		in, err := setup.ParseSignInLog(f, masked, s.Registration.ClientID)
		var bad *setup.InputError
		if errors.As(err, &bad) {
			return setup.InputErrors{bad}
		}
		in.By, in.At = who.Name, now
		s.Handover.ProductSignedIn = &in
		return err
	}
}

// takeRegistered takes a manifest, or the block of a script: the block is known
// by its frame.
func (w *Wizard) takeRegistered(tx Tx, who Who, s *setup.Setup, text string) error {
	now := w.Now().UTC()
	var app setup.Registered
	if strings.Contains(text, "LATCHKEY") {
		b, err := paste.ParseScriptBlock(text, paste.Expect{Kind: adminscript.KindRegistration, Setup: s.ID, Now: now, Life: scriptLife})
		if err != nil {
			return pasted(PasteRegistered, err)
		}
		app = *b.Registered
		app.Source, app.By, app.At = setup.FromScript, b.By, b.At
		if b.Secret != nil && s.Registration.ScriptKey != "" {
			if err := w.openSecret(tx, who, s, b); err != nil {
				return err
			}
		}
	} else {
		var err error
		if app, err = paste.ParseManifest(text); err != nil {
			return pasted(PasteRegistered, err)
		}
		app.Source, app.By, app.At = setup.FromManifest, who.Name, now
	}
	r := &s.Registration
	r.App = &app
	if r.ClientID == "" {
		r.ClientID = strings.ToLower(app.ClientID)
	}
	if r.Tenant == "" {
		r.Tenant = strings.ToLower(app.TenantID)
	}
	if strings.EqualFold(app.ClientID, r.ClientID) && len(app.Web) > 0 {
		r.RedirectURIs, r.RedirectURIsAt = app.Web, now
	}
	return nil
}

// openSecret decrypts the client secret that a script has made, and forgets the
// key: it opens one secret only.
func (w *Wizard) openSecret(tx Tx, who Who, s *setup.Setup, b paste.ScriptBlock) error {
	private, revision, err := tx.Secret(s.ID, scriptKeyName)
	if err != nil {
		return err
	}
	value, err := b.Secret.Open(adminscript.Key{Private: private, Public: adminscript.PublicKey(s.Registration.ScriptKey)})
	switch {
	case errors.Is(err, adminscript.ErrOtherKey):
		return setup.InputErrors{{Field: PasteRegistered, Problem: "other_script_key"}}
	case errors.Is(err, adminscript.ErrSealed):
		return setup.InputErrors{{Field: PasteRegistered, Problem: "secret_damaged"}}
	case err != nil:
		return err
	}
	if err := w.putSecret(tx, who, s, value); err != nil {
		return err
	}
	s.Registration.SecretMadeAt = s.Registration.SecretSavedAt // the script ran just before
	if !b.SecretIs.Ends.IsZero() {
		s.Registration.SecretEnds = setup.Date(b.SecretIs.Ends.UTC().Format(time.DateOnly))
	}
	s.Registration.ScriptKey = ""
	return tx.PutSecret(s.ID, scriptKeyName, revision+1, secret.Text{}) // no value: it is deleted
}

// ChooseCloud changes the cloud of a setup to another configured one.
func (w *Wizard) ChooseCloud(ctx context.Context, who Who, id setup.ID, cloud string) error {
	if !may(who, id, setup.StepRegistration) {
		return ErrForbidden
	}
	if _, ok := w.lines[cloud]; !ok {
		return setup.InputErrors{{Field: setup.FieldCloud, Value: cloud, Problem: setup.ProblemNotOffered}}
	}
	var run Run
	err := w.Store.Update(ctx, func(tx Tx) error {
		s, err := tx.Setup(id)
		if err != nil {
			return err
		}
		s.Registration.Cloud, s.UpdatedAt = cloud, w.Now().UTC()
		if err := tx.SaveSetup(&s); err != nil {
			return err
		}
		if err := w.record(tx, who, id, audit.AnswersSaved, "step", string(setup.StepRegistration), "cloud", cloud); err != nil {
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

// CloudOffered is the cloud in which the tenant was found, "" if it is in the
// chosen one or was found nowhere.
func (v View) CloudOffered() string {
	st, _ := v.Step(setup.StepRegistration)
	for _, f := range st.Findings() {
		if f.Code() != check.TenantElsewhere.Code {
			continue
		}
		for _, e := range f.Evidence {
			if e.Source == "cloud" {
				return e.Text
			}
		}
	}
	return ""
}
