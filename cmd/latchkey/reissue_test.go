package main

import (
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"latchkey/internal/lab/world"
	"latchkey/internal/seal"
	"latchkey/internal/store"
	"latchkey/internal/token"
	"latchkey/web/webtest"
)

// grant is the token of a slot, which must be there.
func (c *test) grant(slot token.Slot) token.Grant {
	c.t.Helper()
	g, err := c.stored(slot)
	if err != nil {
		c.t.Errorf("%s: %v", slot, err)
	}
	return g
}

// stored reads a token out of the database of a site that has stopped.
func (c *test) stored(slot token.Slot) (g token.Grant, err error) {
	c.t.Helper()
	c.stop()
	ring, err := seal.LoadRing(filepath.Join(c.dir, "data", "latchkey.key"))
	if err != nil {
		c.t.Fatal(err)
	}
	db, err := store.Open(c.t.Context(), store.Options{Path: filepath.Join(c.dir, "data", "latchkey.db"), Ring: ring})
	if err != nil {
		c.t.Fatal(err)
	}
	err = db.Tokens().View(c.t.Context(), func(tx token.Tx) (err error) {
		g, err = tx.Grant(string(c.id), slot)
		return err
	})
	if err := db.Close(); err != nil {
		c.t.Error(err)
	}
	c.start()
	return g, err
}

// again signs in once more by the short flow, up to the acceptance.
func (c *test) again() {
	c.t.Helper()
	page := c.owner.Post(c.path("/reissue"), nil)
	link := signInLink.FindString(page.Body)
	if !strings.HasSuffix(page.Path, "/sign-in") || link == "" {
		c.t.Fatalf("the short flow begins at %s, with link %q", page.Path, link)
	}
	c.private = webtest.New(c.t, c.url)
	c.private.Get(c.atMicrosoft(c.confirm(link)))
	if _, err := c.accept(); err != nil {
		c.t.Fatal(err)
	}
}

// TestOldTokenStaysUntilTheNewOneHasPassed: a new sign-in whose proof fails
// replaces nothing, and can be taken back; one whose proof passes does.
func TestOldTokenStaysUntilTheNewOneHasPassed(t *testing.T) {
	c := verified(t)
	old := c.grant(token.Current)

	imap := func(on bool) {
		c.lab.World().Do(func(s *world.State) { s.Mailbox(world.SignInAccount).IMAP = on })
	}
	imap(false)
	c.again()
	c.looksUntil("verification", "needs_attention")
	if now := c.grant(token.Current); now.Revision != old.Revision {
		t.Errorf("token %d replaced token %d before it had passed", now.Revision, old.Revision)
	}
	if candidate := c.grant(token.Candidate); candidate.Revision == old.Revision {
		t.Error("there is no new token")
	}
	c.owner.Post(c.path("/reissue/cancel"), nil)
	imap(true)
	c.owner.Post(c.path("/verification/runs"), nil)
	c.looksUntil("verification", "done")
	if now := c.grant(token.Current); now.Revision != old.Revision {
		t.Errorf("after taking it back token %d is in use, not %d", now.Revision, old.Revision)
	}

	c.again()
	c.looksUntil("verification", "done")
	// Reading the grant stops the server, perhaps between the last result and the
	// end of the run that promotes; the next start goes on with that run.
	now := c.grant(token.Current)
	for deadline := time.Now().Add(30 * time.Second); now.Revision == old.Revision && time.Now().Before(deadline); now = c.grant(token.Current) {
		c.looksUntil("verification", "done")
		time.Sleep(300 * time.Millisecond)
	}
	if now.Revision == old.Revision {
		t.Error("the new token has passed and is not in use")
	}
}

// TestANewSignInIsKeptAsTheOneBefore: the same account's token is handed over as
// was decided before, and nobody is asked again. Both are compared where the new
// one is proved.
func TestANewSignInIsKeptAsTheOneBefore(t *testing.T) {
	c := verified(t)
	c.submit("handover", url.Values{"key": {"latchkey_keeps"}})
	c.looksUntil("handover", "done")
	decided := c.report(c.id).Key
	c.again()
	page := c.owner.Get(c.path("/application")).Body
	for text, want := range map[string]bool{
		"Step 0": false, "It needs:": false, "This step only shows its answers now": true, "svc-mail@lab.example": true, "/reissue/cancel": true, "<textarea": false,
	} {
		if strings.Contains(page, text) != want {
			t.Errorf("step 1 during a new sign-in: %q is shown: %v", text, !want)
		}
	}
	for deadline := time.Now().Add(30 * time.Second); c.report(c.id).Flow != "new"; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the hand-over is asked for again: %+v", c.report(c.id).Steps)
		}
	}
	c.looksUntil("handover", "done")
	d := c.report(c.id)
	if !d.OK || d.Key.Decision != decided.Decision || !d.Key.Accepted.After(decided.Accepted) {
		t.Errorf("afterwards: done %v, %+v, before %+v", d.OK, d.Key, decided)
	}
	if g := c.grant(token.Current); g.Revision != 2 || g.DueAt.IsZero() || g.Kept == 0 {
		t.Errorf("token %d, due %v, kept %d times", g.Revision, g.DueAt, g.Kept)
	}
	page = c.owner.Get(c.path("/verification")).Body
	if !strings.Contains(page, "Same account as before. Mail is running.") || !strings.Contains(page, "Before and now") {
		t.Errorf("the page of the proof does not compare both: %s", page)
	}
}
