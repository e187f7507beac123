package admin_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/internal/admin"
	"latchkey/internal/audit"
	"latchkey/internal/secret"
)

func TestClaim(t *testing.T) {
	h := newHouse(t)
	if yes, err := h.Claimed(t.Context()); yes || err != nil {
		t.Errorf("Claimed = %v, %v in an empty house", yes, err)
	}
	if !h.ClaimUntil(t.Context()).IsZero() {
		t.Error("a link that does not exist has an end")
	}
	code := h.link(t)
	if until := h.ClaimUntil(t.Context()); !until.Equal(h.time.Add(30 * time.Minute)) {
		t.Errorf("the link ends at %v, want half an hour from %v", until, h.time)
	}
	if code.Len() != 26 {
		t.Errorf("a code of %d characters, want 26 (128 bits)", code.Len())
	}
	if err := h.CheckClaim(t.Context(), code); err != nil {
		t.Errorf("CheckClaim: %v", err)
	}
	for _, bad := range []struct{ name, password string }{{"", password}, {"\u200b", password}, {strings.Repeat("n", 65), password}, {"a\x00b", password}} {
		var problem *admin.NameError
		if _, err := h.Claim(t.Context(), code, bad.name, text(bad.password), home); !errors.As(err, &problem) {
			t.Errorf("name %q: %v, want a NameError", bad.name, err)
		}
	}
	var weak *admin.PasswordError
	if _, err := h.Claim(t.Context(), code, name, text("password1"), home); !errors.As(err, &weak) || weak.Problem != admin.PasswordCommon {
		t.Errorf("a common password: %v, want a PasswordError", err)
	}
	a, err := h.Claim(t.Context(), code, " Erika ", text(password), home)
	if err != nil || a.ID == "" || a.NameKey != "erika" {
		t.Fatalf("Claim = %+v, %v", a, err)
	}
	if yes, err := h.Claimed(t.Context()); !yes || err != nil {
		t.Errorf("Claimed = %v, %v after the claim", yes, err)
	}
	for what, err := range map[string]error{
		"CheckClaim": h.CheckClaim(t.Context(), code),
		"Claim":      second(h.Claim(t.Context(), code, "Mallory", text(password), home)),
		"NewLink":    second(h.NewClaimLink(t.Context())),
	} {
		if !errors.Is(err, admin.ErrClaimed) {
			t.Errorf("%s after the claim = %v, want ErrClaimed", what, err)
		}
	}
	got, err := h.Login(t.Context(), name, text(password), home)
	if err != nil || got.ID != a.ID {
		t.Errorf("Login: %v", err)
	}
	list, err := h.Accounts(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != a.ID {
		t.Errorf("Accounts = %v, %v", list, err)
	}
	log := h.actions(t)
	if len(log) != 3 || log[1].Action != audit.AdminClaimed || log[1].Actor != a.ID || log[1].RemoteIP != home {
		t.Errorf("audit: %+v", log)
	}
	for what, planted := range map[string]string{"code": code.Reveal(), "password": password} {
		if bytes.Contains(h.files(t), []byte(planted)) {
			t.Errorf("the %s can be read in the database", what)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestAClaimLinkEnds(t *testing.T) {
	wrong := func(i int) secret.Text {
		return text(fmt.Sprintf("%026d", i)[:0] + strings.Repeat("a", 25) + string(rune('a'+4*i)))
	}
	for what, end := range map[string]func(t *testing.T, h *house, code secret.Text){
		"after half an hour":   func(_ *testing.T, h *house, _ secret.Text) { h.pass(admin.ClaimLife) },
		"when another is made": func(t *testing.T, h *house, _ secret.Text) { h.link(t) },
		"after five wrong codes": func(t *testing.T, h *house, code secret.Text) {
			for i := range 5 {
				if err := h.CheckClaim(t.Context(), code); err != nil {
					t.Errorf("after %d wrong codes: %v", i, err)
				}
				if err := h.CheckClaim(t.Context(), wrong(i)); !errors.Is(err, admin.ErrExpired) {
					t.Errorf("a wrong code = %v, want ErrExpired", err)
				}
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t)
			code := h.link(t)
			end(t, h, code)
			if err := h.CheckClaim(t.Context(), code); !errors.Is(err, admin.ErrExpired) {
				t.Errorf("CheckClaim = %v, want ErrExpired", err)
			}
			if _, err := h.Claim(t.Context(), code, name, text(password), home); !errors.Is(err, admin.ErrExpired) {
				t.Errorf("Claim = %v, want ErrExpired", err)
			}
			if yes, err := h.Claimed(t.Context()); yes || err != nil {
				t.Errorf("Claimed = %v, %v", yes, err)
			}
			if err := h.CheckClaim(t.Context(), h.link(t)); err != nil {
				t.Errorf("a new link: %v", err)
			}
		})
	}
}

func TestScannersDoNotVoidTheLink(t *testing.T) {
	h := newHouse(t)
	code := h.link(t)
	for _, junk := range []string{"", "admin", "../../etc/passwd", code.Reveal()[:25], code.Reveal() + "a", strings.ToUpper(code.Reveal())} {
		for range 10 {
			if err := h.CheckClaim(t.Context(), text(junk)); !errors.Is(err, admin.ErrExpired) {
				t.Errorf("%q = %v, want ErrExpired", junk, err)
			}
		}
	}
	h.pass(admin.ClaimLife - time.Second)
	if err := h.CheckClaim(t.Context(), code); err != nil {
		t.Errorf("the link: %v", err)
	}
}

func TestTwentyClaimsMakeOneAdministrator(t *testing.T) {
	h := newHouse(t)
	code := h.link(t)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			_, err := h.Claim(t.Context(), code, fmt.Sprint("person ", i), text(password), home)
			switch {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, admin.ErrClaimed) && !errors.Is(err, admin.ErrExpired):
				t.Errorf("Claim: %v", err)
			}
		})
	}
	wg.Wait()
	list, err := h.Accounts(t.Context())
	if won.Load() != 1 || len(list) != 1 || err != nil {
		t.Errorf("%d have won, %d accounts, %v", won.Load(), len(list), err)
	}
}

// TestALinkReplacedDuringAClaim: the old code was right when the claim began and
// is not when it ends.
func TestALinkReplacedDuringAClaim(t *testing.T) {
	h := newHouse(t)
	code := h.link(t)
	b := &between{Store: h.store.Admin(), n: 2, what: func() { h.link(t) }}
	slow, err := admin.NewService(b, h.now, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := slow.Claim(t.Context(), code, name, text(password), home); !errors.Is(err, admin.ErrExpired) {
		t.Errorf("Claim = %v, want ErrExpired", err)
	}
	if yes, err := h.Claimed(t.Context()); yes || err != nil {
		t.Errorf("Claimed = %v, %v", yes, err)
	}
}

func TestReset(t *testing.T) {
	h := newHouse(t)
	a := h.claimed(t)
	id, _, err := h.Start(t.Context(), admin.Session{Kind: admin.KindAdmin, Subject: a.ID})
	if err != nil {
		t.Fatal(err)
	}
	guest, _, err := h.Start(t.Context(), admin.Session{Kind: admin.KindGuest, Subject: "p"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if yes, err := h.Claimed(t.Context()); yes || err != nil {
		t.Errorf("Claimed = %v, %v after Reset", yes, err)
	}
	if _, err := h.Load(t.Context(), id); !errors.Is(err, admin.ErrNoSession) {
		t.Errorf("an administrator's session after Reset: %v, want ErrNoSession", err)
	}
	if _, err := h.Load(t.Context(), guest); err != nil {
		t.Errorf("a guest's session after Reset: %v", err)
	}
	if _, err := h.Login(t.Context(), name, text(password), home); !errors.Is(err, admin.ErrBadLogin) {
		t.Errorf("Login after Reset = %v, want ErrBadLogin", err)
	}
	h.claimed(t)
}
