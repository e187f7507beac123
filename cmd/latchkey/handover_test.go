package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"latchkey/internal/lab/world"
	"latchkey/internal/report"
	"latchkey/internal/token"
	"latchkey/web/webtest"
)

// slots returns the revisions of both tokens; 0 where there is none.
func (c *test) slots() (current, candidate int64) {
	c.t.Helper()
	for slot, revision := range map[token.Slot]*int64{token.Current: &current, token.Candidate: &candidate} {
		g, err := c.stored(slot)
		if err != nil && !errors.Is(err, token.ErrNoToken) {
			c.t.Fatal(err)
		}
		*revision = g.Revision
	}
	return current, candidate
}

// TestAReissueIsHandedOverWithItsNewToken: not before it has passed, and each
// further sign-in within the short flow takes the place of the one before.
func TestAReissueIsHandedOverWithItsNewToken(t *testing.T) {
	c := verified(t)

	imap := func(on bool) {
		c.lab.World().Do(func(s *world.State) { s.Mailbox(world.SignInAccount).IMAP = on })
	}
	imap(false)
	c.again()
	for _, key := range []string{"delete_test_key", "latchkey_keeps"} {
		c.owner.Post(c.path("/handover"), url.Values{"key": {key}})
		if d := c.report(c.id); d.Flow != "reissue" || d.Key.Decision != "" {
			t.Errorf("%s was taken while the new token is not proved: %s, %+v", key, d.Flow, d.Key)
		}
	}
	c.looksUntil("verification", "needs_attention")
	if current, candidate := c.slots(); current != 1 || candidate != 2 {
		t.Errorf("tokens %d and %d, want the old one in use and the new one beside it", current, candidate)
	}
	imap(true)
	c.owner.Post(c.path("/verification/runs"), nil)
	c.looksUntil("verification", "done")
	c.settled()
	if current, candidate := c.slots(); current != 2 || candidate != 0 {
		t.Errorf("tokens %d and %d, want the new one in use", current, candidate)
	}
	c.again()
	c.looksUntil("verification", "done")
	c.settled()
	if current, candidate := c.slots(); current != 3 || candidate != 0 {
		t.Errorf("tokens %d and %d after a second sign-in in the short flow, want 3 in use", current, candidate)
	}
	c.submit("handover", url.Values{"key": {"delete_test_key"}})
	c.looksUntil("handover", "done")
	if current, candidate := c.slots(); current != 0 || candidate != 0 {
		t.Errorf("tokens %d and %d are left after the key was deleted", current, candidate)
	}
	if got := c.owner.Post(c.path("/handover"), url.Values{"key": {"latchkey_keeps"}}); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("keeping a deleted key: %d at %s", got.Status, got.Path)
	}
}

// TestAnotherSignInKeepsTheKeeper: whose token was kept, theirs is kept on.
func TestAnotherSignInKeepsTheKeeper(t *testing.T) {
	c := verified(t)
	c.submit("handover", url.Values{"key": {"latchkey_keeps"}})
	for _, f := range c.step("handover").Findings { // the keeper has a minute for its first renewal
		t.Errorf("a clean hand-over ends with %s", f.Code)
	}
	c.looksUntil("handover", "done")
	c.private = webtest.New(t, c.url)
	c.private.Get(c.atMicrosoft(c.confirm(c.link())))
	c.acceptAndVerify()
	if g := c.grant(token.Current); g.Revision != 2 || g.DueAt.IsZero() {
		t.Errorf("token %d is due at %v: nobody keeps it", g.Revision, g.DueAt)
	}
}

// TestNobodyIsSentAMessageByAClock: what a person asked for once is not
// repeated by a renewal that fails, nor by a second look.
func TestNobodyIsSentAMessageByAClock(t *testing.T) {
	c := verified(t)
	doubted := func() (state string, found bool) {
		st := c.step("verification")
		for _, one := range st.Checks {
			if one.ID == "smtp_login" {
				state = one.State
			}
		}
		return state, slices.ContainsFunc(st.Findings, func(f report.Finding) bool { return f.Code == "send_as_not_seen" })
	}
	if page := c.owner.Get(c.path("/reissue")).Body; !strings.Contains(page, "Start the new sign-in") || strings.Contains(page, "send_as_not_seen") {
		t.Error("a note about Send As is called a reason to sign in again")
	}
	if state, found := doubted(); state != "note" || !found {
		t.Errorf("before a message the login is %q, the right doubted: %v", state, found)
	}
	c.submit("verification", url.Values{"test_message": {"sales@lab.example"}})
	c.looksUntil("verification", "done")
	if state, found := doubted(); state != "passed" || found {
		t.Errorf("a message was sent, and the login is %q, the right doubted: %v", state, found)
	}
	sent := c.lab.World().Counters().Submitted
	if sent == 0 {
		t.Fatal("no message was sent")
	}
	c.owner.Post(c.path("/verification/runs"), nil)
	c.settled()
	c.lab.World().Do(func(s *world.State) { s.Entra.BadProxy = true })
	c.owner.Post(c.path("/handover"), url.Values{"key": {"latchkey_keeps"}})
	c.looksUntil("verification", "needs_attention")
	if now := c.lab.World().Counters().Submitted; now != sent {
		t.Errorf("%d messages were sent, the person asked for %d", now, sent)
	}
}
