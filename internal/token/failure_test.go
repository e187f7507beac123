package token_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/internal/oauth"
	"latchkey/internal/store"
	"latchkey/internal/token"
)

func TestARefusalKeepsTheToken(t *testing.T) {
	unreachable := &oauth.Error{Endpoint: oauth.TokenEnd, Err: errors.New("connection reset")}
	for name, tt := range map[string]struct {
		refusal error
		open    bool // the outcome stays unknown
	}{
		"invalid_grant":  {invalidGrant(), false},
		"invalid_client": {&oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 401, Code: "invalid_client"}, false},
		"throttled":      {&oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 429}, false},
		"unreachable":    {unreachable, true},
		"gateway":        {&oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 504}, true},
		"garbled":        {&oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 200, Err: oauth.ErrMalformed}, true},
		"no discovery":   {&oauth.Error{Endpoint: oauth.Discovery, Err: errors.New("connection reset")}, false},
		"our own fault":  {errors.New("wizard: disk full"), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{answer: func(context.Context, int) error { return tt.refusal }}
				s, src := one(t, p, time.Minute)
				before := stored(t, s.Tokens(), token.Current)
				_, err := src.Fresh(t.Context(), account, token.Current, 0)
				if !errors.Is(err, tt.refusal) {
					t.Errorf("Fresh = %v, want the refusal", err)
				}
				g := stored(t, s.Tokens(), token.Current)
				if !g.Token.Refresh.Equal(before.Token.Refresh) || !g.Token.Access.Equal(before.Token.Access) {
					t.Error("the refusal has changed the stored token")
				}
				if g.Failures != 1 || g.LastError == "" || !g.LeaseEnd.IsZero() {
					t.Errorf("failures %d, last error %q, lease %v", g.Failures, g.LastError, g.LeaseEnd)
				}
				if g.AttemptAt.IsZero() == tt.open {
					t.Errorf("attempt open %v, want %v", !g.AttemptAt.IsZero(), tt.open)
				}
			})
		})
	}
}

func TestFailuresEndWithASuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{answer: func(_ context.Context, n int) error {
			if n < 3 {
				return &oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 503, Body: strings.Repeat("long ", 500)}
			}
			return nil
		}}
		s, src := one(t, p, 0)
		for range 2 {
			_, _ = src.Renew(t.Context(), account, token.Current)
		}
		if g := stored(t, s.Tokens(), token.Current); g.Failures != 2 || len(g.LastError) > 600 {
			t.Errorf("failures %d, last error of %d bytes", g.Failures, len(g.LastError))
		}
		if _, err := src.Renew(t.Context(), account, token.Current); err != nil {
			t.Fatal(err)
		}
		if g := stored(t, s.Tokens(), token.Current); g.Failures != 0 || g.LastError != "" || !g.AttemptAt.IsZero() {
			t.Errorf("after a success: failures %d, %q, attempt %v", g.Failures, g.LastError, g.AttemptAt)
		}
	})
}

// TestThePreviousTokenIsTriedOnceAfterAnUnknownOutcome: the answer to a request
// is lost, and the stored token is refused afterwards.
func TestThePreviousTokenIsTriedOnceAfterAnUnknownOutcome(t *testing.T) {
	run := func(t *testing.T, lost bool, want []string, helps bool) {
		synctest.Test(t, func(t *testing.T) {
			refuse := map[string]bool{"refresh-1": true, "refresh-0": !helps}
			p := &provider{}
			p.answer = func(_ context.Context, n int) error {
				switch {
				case n == 2 && lost:
					return &oauth.Error{Endpoint: oauth.TokenEnd, Err: errors.New("connection reset")}
				case n >= 2 && refuse[p.used[n-1]]:
					return invalidGrant()
				}
				return nil
			}
			s, src := one(t, p, 0)
			var err error
			for range 3 {
				_, err = src.Renew(t.Context(), account, token.Current)
			}
			if (err == nil) != helps {
				t.Errorf("the last Renew: %v, want success %v", err, helps)
			}
			if !slices.Equal(p.used, want) {
				t.Errorf("presented %v, want %v", p.used, want)
			}
			g := stored(t, s.Tokens(), token.Current)
			if want := map[bool]int{true: 2, false: 1}[helps]; !g.Token.Refresh.Equal(refreshNo(want)) || !g.AttemptAt.IsZero() {
				t.Errorf("the stored refresh token is not number %d, or the attempt is open", want)
			}
		})
	}
	t.Run("it helps", func(t *testing.T) {
		run(t, true, []string{"refresh-0", "refresh-1", "refresh-1", "refresh-0"}, true)
	})
	t.Run("it does not help", func(t *testing.T) {
		run(t, true, []string{"refresh-0", "refresh-1", "refresh-1", "refresh-0"}, false)
	})
	t.Run("nothing was lost", func(t *testing.T) {
		run(t, false, []string{"refresh-0", "refresh-1", "refresh-1"}, false)
	})
}

func TestThrottlingDoesNotBringThePreviousTokenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{answer: func(_ context.Context, n int) error {
			if n == 1 {
				return nil
			}
			return []error{
				&oauth.Error{Endpoint: oauth.TokenEnd, Err: errors.New("connection reset")},
				&oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 429, Code: "temporarily_unavailable"},
			}[n%2]
		}}
		_, src := one(t, p, 0)
		for range 5 {
			_, _ = src.Renew(t.Context(), account, token.Current)
		}
		if want := []string{"refresh-0", "refresh-1", "refresh-1", "refresh-1", "refresh-1"}; !slices.Equal(p.used, want) {
			t.Errorf("presented %v, want %v", p.used, want)
		}
	})
}

func TestASilentProvider(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{takes: time.Hour}
		s, src := one(t, p, 0)
		began := time.Now()
		_, err := src.Fresh(t.Context(), account, token.Current, 0)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != 15*time.Second {
			t.Errorf("Fresh = %v after %v, want DeadlineExceeded after 15s", err, took)
		}
		if g := stored(t, s.Tokens(), token.Current); g.AttemptAt.IsZero() || !g.LeaseEnd.IsZero() {
			t.Errorf("attempt %v, lease end %v: want an open attempt and no lease", g.AttemptAt, g.LeaseEnd)
		}
	})
}

func TestAnAnswerWithoutRefreshTokenKeepsTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		s, src := one(t, p, 0)
		if _, err := src.Renew(t.Context(), account, token.Current); err != nil {
			t.Fatal(err)
		}
		if !previous(t, s.Tokens()).Equal(refreshNo(0)) {
			t.Error("the rotated refresh token was not kept as the previous one")
		}
		p.keeps = true
		if _, err := src.Renew(t.Context(), account, token.Current); err != nil {
			t.Fatal(err)
		}
		g := stored(t, s.Tokens(), token.Current)
		if !g.Token.Refresh.Equal(refreshNo(1)) || g.Token.Access.Equal(accessNo(1)) {
			t.Error("the refresh token was lost, or the access token is the old one")
		}
		if !previous(t, s.Tokens()).IsZero() {
			t.Error("the previous one was kept although its successor has worked")
		}
	})
}

func TestWithoutRefreshTokenNothingIsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{}
		s, src := one(t, p, 0)
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error {
			return token.Accept(tx, token.Grant{Account: account, Slot: token.Current, Revision: 2, Token: oauth.Token{Access: accessNo(9)}})
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := src.Fresh(t.Context(), account, token.Current, 0); !errors.Is(err, token.ErrNoRefresh) {
			t.Errorf("Fresh = %v, want ErrNoRefresh", err)
		}
		p.expect(t, 0)
		if g := stored(t, s.Tokens(), token.Current); !g.AttemptAt.IsZero() || g.Failures != 1 {
			t.Errorf("attempt %v, failures %d", g.AttemptAt, g.Failures)
		}
	})
}

func TestFreshDoesNotHammerAProviderThatIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := errors.New("down")
		p := &provider{answer: func(context.Context, int) error { return down }}
		s, src := one(t, p, 0)
		began := time.Now()
		for time.Since(began) < 10*time.Minute {
			if _, err := src.Fresh(t.Context(), account, token.Current, 0); !errors.Is(err, down) {
				t.Fatalf("Fresh = %v, want the failure", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		// 1+2+4+8+16+32 s, then one a minute.
		if p.requests < 14 || p.requests > 17 {
			t.Errorf("%d requests in ten minutes, want about 15", p.requests)
		}
		n := p.requests
		if _, err := src.Renew(t.Context(), account, token.Current); !errors.Is(err, down) || p.requests != n+1 {
			t.Errorf("Renew = %v with %d more requests, want to ask", err, p.requests-n)
		}
		// A new sign-in is not held back by the old one's failures.
		if err := s.Tokens().Update(t.Context(), func(tx token.Tx) error {
			return token.Accept(tx, token.Grant{Account: account, Slot: token.Current, Revision: 2, Token: oauth.Token{Refresh: refreshNo(0)}})
		}); err != nil {
			t.Fatal(err)
		}
		p.answer = nil
		if _, err := src.Fresh(t.Context(), account, token.Current, 0); err != nil {
			t.Errorf("Fresh after a new sign-in: %v", err)
		}
	})
}

func TestAnAnswerIsSavedAgainAndAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		failures int
		saved    bool
	}{"three failures": {3, true}, "for ever": {1 << 30, false}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := &provider{}
				s := openStore(t, store.Options{Path: newPath(t)})
				answered, failed := false, 0
				p.answer = func(context.Context, int) error { answered = true; return nil }
				f := &faulty{Store: s.Tokens(), fails: func() bool {
					if !answered || failed >= tt.failures {
						return false
					}
					failed++
					return true
				}}
				src := source(t, f, p, "node", token.Options{})
				accept(t, s.Tokens(), token.Current, 0)
				got, err := src.Fresh(t.Context(), account, token.Current, 0)
				g := stored(t, s.Tokens(), token.Current)
				if tt.saved {
					if err != nil || !got.Access.Equal(accessNo(1)) || !g.Token.Refresh.Equal(refreshNo(1)) {
						t.Errorf("Fresh: %v, or the token was not saved", err)
					}
					return
				}
				if !errors.Is(err, errDisk) || !got.Access.IsZero() {
					t.Errorf("Fresh = %v; a token that could not be saved was handed out: %v", err, !got.Access.IsZero())
				}
				if g.AttemptAt.IsZero() || !g.Token.Refresh.Equal(refreshNo(0)) {
					t.Error("the attempt is not open, or the old token is gone")
				}
			})
		})
	}
}
