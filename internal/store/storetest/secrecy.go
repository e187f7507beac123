package storetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"latchkey/internal/secret"
	"latchkey/internal/token"
	"latchkey/internal/wizard"
)

// sealed lists every column that holds ciphertext, and how its value is read
// for the row of a populated setup.
var sealed = []struct {
	table, column, key string // key: the column that begins with the setup's ID
	read               func(t *testing.T, s Stores, name string) error
}{
	{"secrets", "sealed", "setup_id", func(t *testing.T, s Stores, name string) error {
		return s.Wizard.View(t.Context(), func(tx wizard.Tx) error {
			_, _, err := tx.Secret(wizardID(name), "client")
			return err
		})
	}},
	{"attempt_secrets", "sealed", "attempt_id", func(t *testing.T, s Stores, name string) error {
		return s.Wizard.View(t.Context(), func(tx wizard.Tx) error {
			_, err := tx.AttemptSecret(name+"-attempt", "token")
			return err
		})
	}},
	{"grants", "sealed_token", "account", func(t *testing.T, s Stores, name string) error {
		return s.Tokens.View(t.Context(), func(tx token.Tx) error {
			_, err := tx.Grant(name, token.Current)
			return err
		})
	}},
	{"grants", "sealed_previous", "account", func(t *testing.T, s Stores, name string) error {
		return s.Tokens.View(t.Context(), func(tx token.Tx) error {
			_, err := tx.PreviousRefresh(name, token.Current)
			return err
		})
	}},
	{"sessions", "sealed_data", "handle", func(t *testing.T, s Stores, name string) error {
		return s.Admin.View(t.Context(), func(tx adminTx) error {
			_, err := tx.Session(sessionOf(name + "-session").Hash)
			return err
		})
	}},
}

// rotate gives a populated setup's grant a previous refresh token.
func rotate(t *testing.T, s Stores, name string) {
	t.Helper()
	g, err := claim(t, s, name, "n", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	g.Token.Refresh, g.Renewals = secret.New(name+"-refresh-2"), 1
	tokenUpdate(t, s, func(tx token.Tx) error { return tx.SaveGrant(g) })
}

func swappedValues(t *testing.T, s Stores) {
	for _, name := range []string{"aa", "bb"} {
		populate(t, s, wizardID(name))
		rotate(t, s, name)
	}
	for _, c := range sealed {
		place := c.table + "." + c.column
		for _, name := range []string{"aa", "bb"} {
			if err := c.read(t, s, name); err != nil {
				t.Errorf("%s of %s before the swap: %v", place, name, err)
			}
		}
		// Both rows now hold the value of bb.
		if err := s.Exec(`UPDATE ` + c.table + ` SET ` + c.column + ` = (SELECT ` + c.column + ` FROM ` + c.table +
			` WHERE ` + c.key + ` LIKE '%bb%') WHERE ` + c.key + ` LIKE '%aa%'`); err != nil {
			t.Fatal(err)
		}
		if err := c.read(t, s, "aa"); err == nil {
			t.Errorf("%s opens in another row", place)
		}
		if err := c.read(t, s, "bb"); err != nil {
			t.Errorf("%s of bb after the swap: %v", place, err)
		}
	}
	// Between the two columns of one row.
	if err := s.Exec(`UPDATE grants SET sealed_previous = sealed_token WHERE account = 'bb'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Tokens.View(t.Context(), func(tx token.Tx) error {
		_, err := tx.PreviousRefresh("bb", token.Current)
		return err
	}); err == nil {
		t.Error("grants.sealed_token opens as sealed_previous")
	}
}

// slotsSwapped: a token that waits for its verification does not become the one
// in use by a change of the database, nor the other way round. Account,
// revision and field are the same.
func slotsSwapped(t *testing.T, s Stores) {
	insert(t, s, "one")
	current, candidate := grantOf("one"), grantOf("one")
	candidate.Slot, candidate.Token.Refresh = token.Candidate, secret.New("another")
	tokenUpdate(t, s, func(tx token.Tx) error { return errors.Join(tx.PutGrant(current), tx.PutGrant(candidate)) })
	if err := s.Exec(`UPDATE grants SET slot = 'x' WHERE account = 'one' AND slot = 'current'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(`UPDATE grants SET slot = 'current' WHERE account = 'one' AND slot = 'candidate'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(`UPDATE grants SET slot = 'candidate' WHERE account = 'one' AND slot = 'x'`); err != nil {
		t.Fatal(err)
	}
	for _, slot := range []token.Slot{token.Current, token.Candidate} {
		if err := s.Tokens.View(t.Context(), func(tx token.Tx) error { _, err := tx.Grant("one", slot); return err }); err == nil || errors.Is(err, token.ErrNoToken) {
			t.Errorf("the token of the other slot opens as %s: %v", slot, err)
		}
	}
}

func nothingReadable(t *testing.T, s Stores) {
	populate(t, s, "one")
	rotate(t, s, "one")
	adminUpdate(t, s.Admin, func(tx adminTx) error {
		hidden := sessionOf("planted")
		hidden.Data = map[string]string{"planted-key": "planted-value"}
		return tx.InsertSession(hidden)
	})
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.PutSecret("one", "client", 2, secret.New("planted-client-secret")),
			tx.PutSecret("one", "client", 3, secret.New("one-secret")))
	})
	dump := s.Dump()
	if !bytes.Contains(dump, []byte("one-attempt")) {
		t.Fatal("the dump does not even hold what is stored in the clear")
	}
	for _, planted := range []string{
		"one-secret", "one-staged", "one-access", "one-refresh-1", "one-refresh-2", "planted-key", "planted-value",
		"planted-client-secret", "one-code", "one-state", "one-invite",
	} {
		for form, text := range map[string]string{
			"itself": planted, "hex": hex.EncodeToString([]byte(planted)),
			"base64": base64.StdEncoding.EncodeToString([]byte(planted))[:len(planted)], // without the last group
		} {
			if bytes.Contains(dump, []byte(text)) {
				t.Errorf("%s can be read in the database as %s", planted, form)
			}
		}
	}
}
