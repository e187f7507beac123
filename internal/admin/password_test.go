package admin_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"latchkey/internal/admin"
	"latchkey/internal/secret"
)

func TestPasswordRules(t *testing.T) {
	for password, want := range map[string]admin.PasswordProblem{
		"":         admin.PasswordTooShort,
		"sevenCh":  admin.PasswordTooShort,
		"kxqv tzw": "",
		"ßéñ漢字かな🔑": "", // eight characters, many bytes
		"ßéñ漢字かな":  admin.PasswordTooShort,
		strings.Repeat("six lively otters ", 4) + "swim": "", // more than 64
		"q" + strings.Repeat("zu4 w.", 50):               admin.PasswordTooLong,
		"                x":                              "", // spaces are characters
		"all lower case words":                           "",
		"password":                                       admin.PasswordCommon,
		"PassWord":                                       admin.PasswordCommon,
		"P@ssw0rd":                                       admin.PasswordCommon,
		"Winter2026!":                                    admin.PasswordCommon,
		"dragon12345":                                    admin.PasswordCommon,
		"monkeymonkey":                                   admin.PasswordCommon,
		"aaaaaaaaaaaaaaaa":                               admin.PasswordCommon,
		"abcabcabcabc":                                   admin.PasswordCommon,
		"1234567890":                                     admin.PasswordCommon,
		"87654321":                                       admin.PasswordCommon,
		"qwertyuiop":                                     admin.PasswordCommon,
		"lkjhgfdsa":                                      admin.PasswordCommon,
		"latchkey1":                                      admin.PasswordCommon,
		"erika likes long walks":                         admin.PasswordIsName,
		"ERIKA-9471-blue":                                admin.PasswordIsName,
		"dragonfly on the window":                        "",
	} {
		if got := admin.CheckPassword("Erika", text(password)); got != want {
			t.Errorf("%q: problem %q, want %q", password, got, want)
		}
	}
	if got := admin.CheckPassword("ab", text("about 30 elephants")); got != "" {
		t.Errorf("a name of two letters: %q", got)
	}
}

func TestNameKey(t *testing.T) {
	for _, variant := range []string{"admin", "Admin", "ADMIN", " admin ", "ad\u200bmin", "ａｄｍｉｎ", "\tadmin\n", "ad\u00admin"} {
		if got := admin.NameKey(variant); got != "admin" {
			t.Errorf("NameKey(%q) = %q", variant, got)
		}
	}
	if admin.NameKey("Müller") != admin.NameKey("Mu\u0308ller") || admin.NameKey("STRASSE") != admin.NameKey("straße") {
		t.Error("two spellings of one name differ")
	}
	if admin.NameKey("admin1") == admin.NameKey("admin2") || admin.NameKey("ad min") == admin.NameKey("admin") {
		t.Error("two names are one")
	}
	if admin.NameKey("\u13a0") != admin.NameKey("\uab70") {
		t.Error("the two cases of a Cherokee letter are two names")
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		key := admin.NameKey(name)
		for how, variant := range map[string]string{"again": key, "surrounded": " " + name + "\u200b ", "upper": strings.ToUpper(key)} {
			if got := admin.NameKey(variant); got != key {
				t.Fatalf("%s: NameKey(%q) = %q, want %q", how, variant, got, key)
			}
		}
	})
}

func TestHashesCostWhatTheyShould(t *testing.T) {
	h := newHouse(t)
	h.Restore()
	phc, err := h.MakeHash(t.Context(), text(password))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %q", phc)
	}
	again, err := h.MakeHash(t.Context(), text(password))
	if err != nil || again == phc {
		t.Errorf("the same password has the same hash twice (%v)", err)
	}
	for try, want := range map[string]bool{password: true, password + " ": false, "": false} {
		ok, outdated, err := h.CheckHash(t.Context(), phc, text(try))
		if ok != want || outdated || err != nil {
			t.Errorf("%q: ok %v, outdated %v, %v", try, ok, outdated, err)
		}
	}
	// What macOS and Windows send for the same keys.
	phc, err = h.MakeHash(t.Context(), text("pa\u0308sswort und mehr"))
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := h.CheckHash(t.Context(), phc, text("p\u00e4sswort und mehr")); !ok || err != nil {
		t.Errorf("composed and decomposed letters differ: %v", err)
	}
}

func TestAKnownHash(t *testing.T) {
	// From the tests of the reference implementation (P-H-C/phc-winner-argon2, src/test.c, argon2id, version 0x13).
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	h := newHouse(t)
	ok, outdated, err := h.CheckHash(t.Context(), phc, text("password"))
	if !ok || !outdated || err != nil {
		t.Errorf("ok %v, outdated %v, %v", ok, outdated, err)
	}
}

func TestMalformedHashesAreErrors(t *testing.T) {
	h := newHouse(t)
	good, err := h.MakeHash(t.Context(), text(password))
	if err != nil {
		t.Fatal(err)
	}
	for _, phc := range []string{
		"", "plain", "$", good[1:], good + "$x", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "v=19", "v=16", 1), strings.Replace(good, "m=64", "m=4194304", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "t=1", "t=1000", 1),
		strings.Replace(good, "p=1", "p=0", 1), strings.Replace(good, "p=1", "p=200", 1),
		good[:len(good)-4], good[:len(good)-1] + "!", strings.Replace(good, "m=64", "m=-1", 1),
	} {
		if ok, _, err := h.CheckHash(t.Context(), phc, text(password)); ok || err == nil {
			t.Errorf("%q: ok %v, no error", phc, ok)
		}
	}
}

func TestHashingIsBounded(t *testing.T) {
	h := newHouse(t)
	if cap(h.Slots()) != runtime.GOMAXPROCS(0) {
		t.Errorf("%d hashes at a time, want %d", cap(h.Slots()), runtime.GOMAXPROCS(0))
	}
	for range cap(h.Slots()) {
		h.Slots() <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.MakeHash(ctx, secret.New("x")); !errors.Is(err, context.Canceled) {
		t.Errorf("hashing without a free slot = %v, want to wait", err)
	}
	<-h.Slots()
	if _, err := h.MakeHash(t.Context(), secret.New("x")); err != nil {
		t.Error(err)
	}
	if len(h.Slots()) != cap(h.Slots())-1 {
		t.Error("the slot was not given back")
	}
}
