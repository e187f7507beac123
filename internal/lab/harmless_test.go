package lab_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"latchkey/internal/corpus"
	"latchkey/internal/lab/world"
	"latchkey/internal/oauth"
)

// Recorded variations that mean nothing must not look like a fault: a greeting
// without the server's name, for one.
func TestHarmlessVariationsAreNoFault(t *testing.T) {
	o := newOurs(t)
	tried := 0
	for _, item := range recordings(t).Items {
		if item.Code != "" || item.Stage != corpus.Greeting && item.Stage != corpus.Capability {
			continue
		}
		if item.ID == "smtp_ehlo" {
			continue // a list before TLS and one after: either would be wrong twice
		}
		for _, r := range item.Replies() {
			tried++
			if _, err := o.meet(r, ""); err != nil {
				t.Errorf("%s: %v", r.Name(), err)
			}
		}
	}
	if tried < 7 {
		t.Errorf("%d variations were tried", tried)
	}
}

// A renewal may come without a new refresh token, with the scopes in another
// order, and with any life between 60 and 90 minutes.
func TestTokenVariationsAreBorne(t *testing.T) {
	o := newOurs(t)
	p := o.pending()
	seen := newVisitor(t, o.info.Authority).do(http.MethodGet, p.AuthorizeURL(oauth.Hints{LoginHint: world.Support}), nil)
	j := newJourney(t, o.lab)
	seen = seen.answer(url.Values{"login": {world.Support}, "passwd": {j.password(world.Support)}})
	if seen.left == nil {
		t.Fatalf("not sent back: %s", seen.heading())
	}
	answer, err := oauth.ParseCallback(seen.left.Query())
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := o.client.Redeem(t.Context(), p, answer, o.secret)
	if err != nil {
		t.Fatal(err)
	}
	o.lab.World().Do(func(s *world.State) {
		s.Entra.NoNewRefresh, s.Entra.ScopesReversed, s.Entra.Life = true, true, 77*time.Minute
	})
	app := oauth.App{TokenEndpoint: o.meta.TokenEndpoint, ClientID: o.info.ClientID, Secret: o.secret}
	second, err := o.client.Refresh(t.Context(), app, first.Refresh, p.Scopes)
	if err != nil {
		t.Fatal(err)
	}
	if !second.Refresh.Equal(first.Refresh) {
		t.Error("the refresh token was lost because the answer had none")
	}
	if life := time.Until(second.ExpiresAt); life < 76*time.Minute || life > 78*time.Minute {
		t.Errorf("the token is said to live %v", life)
	}
	if len(second.Scope) == 0 {
		t.Error("no scopes were read")
	}
}
