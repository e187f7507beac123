package wizard_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"latchkey/internal/flow"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// The question before a change names everything that the change touches, also
// what needs nobody; what it does not name stands afterwards.
func TestAChangeNamesAllItTouches(t *testing.T) {
	b := newBench(t, nil)
	id := b.ready()
	b.answer(id, setup.StepMailbox, wizard.Entries{"decision": {"statement"}, "imap": {"yes"}, "licence": {"yes"}, "full_access": {"yes"}})
	entries := wizard.Entries{
		"product": {"other"}, "method": {"shared_account"}, "mailboxes": {"sales@contoso.example"},
		"sign_in_account": {expected}, "protocols": {"imap", "pop3"},
	}
	in := wizard.Submit{Setup: id, Step: setup.StepApplication, Entries: entries}
	var asked *wizard.ImpactError
	if err := b.Answer(t.Context(), owner, in); !errors.As(err, &asked) {
		t.Fatalf("nobody is asked: %v", err)
	}
	names := func(list []flow.Need) (out []string) {
		for _, n := range list {
			out = append(out, string(n.Step)+" "+n.Check)
		}
		return out
	}
	if diff := cmp.Diff([]string{"registration admin_consent", "mailbox mailbox_evidence"}, names(asked.Impact.Again)); diff != "" {
		t.Errorf("to be done again (-want +got)\n%s", diff)
	}
	named := map[setup.StepID]bool{setup.StepApplication: true}
	for _, n := range append(asked.Impact.Again, asked.Impact.Alone...) {
		named[n.Step] = true
	}
	if !named[setup.StepNetwork] {
		t.Errorf("the new port is not named: %v", names(asked.Impact.Alone))
	}
	before := b.view(id)
	b.answer(id, setup.StepApplication, entries)
	for i, st := range b.view(id).Steps {
		if was := before.Steps[i].State; was == flow.Done && !named[st.Step.ID] && st.State != was {
			t.Errorf("%s was %s, is %s, and was not named", st.Step.ID, was, st.State)
		}
	}
}
