package world

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestWellFormed(t *testing.T) {
	w, _ := newWorld(t)
	var code string
	w.Do(func(s *State) { code = s.Issue(Code{}) })
	if !WellFormed(code) {
		t.Fatal("an issued code is not well-formed")
	}
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, len(code)-1).Draw(rt, "n")
		if WellFormed(code[:n]) {
			rt.Fatalf("cut at %d is still well-formed", n)
		}
	})
	for name, value := range map[string]string{
		"empty": "", "invented": "abc", "lower case": strings.ToLower(code), "with the next parameter": code + "&session_state=1",
		"prefix only": "1.", "without its prefix": code[2:], "decoded twice": strings.ReplaceAll(code, "_", " "),
	} {
		if value != code && WellFormed(value) {
			t.Errorf("%s is well-formed", name)
		}
	}
}

func TestBetween(t *testing.T) {
	w, _ := newWorld(t)
	w.Do(func(s *State) {
		for _, tt := range []struct{ low, high time.Duration }{{1, 1}, {2, 1}, {0, 0}} {
			if got := s.Between(tt.low, tt.high); got != tt.low {
				t.Errorf("Between(%d, %d) = %d", tt.low, tt.high, got)
			}
		}
		for range 100 {
			if got := s.Between(3, 5); got < 3 || got >= 5 {
				t.Fatalf("Between(3, 5) = %d", got)
			}
		}
	})
}

func TestVerify(t *testing.T) {
	w, _ := newWorld(t)
	other, _ := newWorld(t)
	var good, id, foreign string
	w.Do(func(s *State) {
		good, id = s.SignAccess(Claims{"aud": "a", "exp": int64(7)}), s.SignID(Claims{"aud": "b"})
	})
	other.Do(func(s *State) { foreign = s.SignAccess(Claims{"aud": "a"}) })
	parts := strings.Split(good, ".")
	payload := base64.RawURLEncoding.EncodeToString([]byte(`{"aud":"z"}`))
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`))
	w.Do(func(s *State) {
		c, err := s.Verify(good)
		if err != nil || c.String("aud") != "a" || c.Number("exp") != 7 {
			t.Errorf("Verify = %v, %v", c, err)
		}
		if _, err := s.Verify(id); err != nil {
			t.Errorf("ID token: %v", err)
		}
		for name, token := range map[string]string{
			"of another world": foreign,
			"other payload":    parts[0] + "." + payload + "." + parts[2],
			"no signature":     none + "." + parts[1] + ".",
			"alg none":         none + "." + parts[1] + "." + parts[2],
			"cut":              good[:len(good)-2],
			"two parts":        parts[0] + "." + parts[1],
			"not base64":       "!." + parts[1] + "." + parts[2],
			"empty":            "",
		} {
			if _, err := s.Verify(token); err == nil {
				t.Errorf("%s: accepted", name)
			}
		}
	})
}

// A client that tries to check an access token meant for Exchange must fail,
// and one that checks an ID token must not.
func TestOnlyTheResourceCanVerifyAccessTokens(t *testing.T) {
	w, _ := newWorld(t)
	w.Do(func(s *State) {
		for token, want := range map[string]bool{s.SignAccess(Claims{"aud": "a"}): false, s.SignID(Claims{"aud": "a"}): true} {
			i := strings.LastIndexByte(token, '.')
			signature, err := base64.RawURLEncoding.DecodeString(token[i+1:])
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(token[:i]))
			if got := rsa.VerifyPKCS1v15(&s.key.Private.PublicKey, crypto.SHA256, sum[:], signature) == nil; got != want {
				t.Errorf("verified by the plain rule: %v, want %v", got, want)
			}
		}
	})
}

func TestClaimsOfOtherTypes(t *testing.T) {
	var c Claims
	if err := json.Unmarshal([]byte(`{"a":1.0,"b":[1],"c":"x"}`), &c); err != nil {
		t.Fatal(err)
	}
	if c.Number("a") != 1 || c.Number("b") != 0 || c.Number("none") != 0 || c.String("a") != "" || c.String("c") != "x" {
		t.Errorf("claims %v read as %d %d %q %q", c, c.Number("a"), c.Number("b"), c.String("a"), c.String("c"))
	}
}

func TestFlowsAgeOut(t *testing.T) {
	w, c := newWorld(t)
	var id string
	w.Do(func(s *State) { id = s.Begin(Flow{}).ID })
	for _, tt := range []struct {
		after time.Duration
		alive bool
	}{{FlowLife, true}, {FlowLife + time.Second, false}} {
		c.at = c.at.Truncate(24 * time.Hour).Add(10*time.Hour + tt.after)
		w.Do(func(s *State) {
			if got := s.Flow(id) != nil; got != tt.alive {
				t.Errorf("after %v: alive = %v", tt.after, got)
			}
		})
	}
	w.Do(func(s *State) {
		if s.Flow("unknown") != nil {
			t.Error("an unknown flow was found")
		}
	})
}

func TestBrowserSessions(t *testing.T) {
	w, c := newWorld(t)
	w.Do(func(s *State) {
		a, b := s.UserByName(Support), s.UserByName(Operator)
		planted := s.SignIn("", a.ID)
		cookie := s.SignIn(planted, b.ID)
		if cookie == planted {
			t.Error("the cookie's value was not renewed at sign-in")
		}
		if len(s.Accounts(planted)) != 0 {
			t.Error("the old value still opens the session")
		}
		if got := s.Accounts(cookie); len(got) != 2 || got[1].UserID != b.ID {
			t.Errorf("accounts = %v, want both, the new one last", got)
		}
		cookie = s.SignIn(cookie, a.ID)
		if got := s.Accounts(cookie); len(got) != 2 || got[1].UserID != a.ID {
			t.Errorf("accounts = %v after the first one signed in again", got)
		}
		b.Disabled = true
		if got := s.Accounts(cookie); len(got) != 1 {
			t.Errorf("%d accounts, one of them disabled", len(got))
		}
		c.at = c.at.Add(time.Minute)
		s.Revoke(a)
		if got := s.Accounts(cookie); len(got) != 0 {
			t.Errorf("%d accounts after revocation", len(got))
		}
	})
}
