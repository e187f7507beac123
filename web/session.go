package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/sessions"

	"latchkey/internal/admin"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

// The cookies. The prefix binds them to this host and to Secure, also on
// http://localhost, where browsers keep them all the same.
const (
	sessionCookie = "__Host-latchkey"        // who is signed in
	jarCookie     = "__Host-latchkey-jar"    // which cookie jar this is, evidence E2
	signInCookie  = "__Host-latchkey-signin" // binds a sign-in to its browser
	choiceCookie  = "__Host-latchkey-choice" // language and theme of a visitor
)

func cookie(name, value string, seconds int) *http.Cookie {
	return &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: seconds,
		Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
}

// sessionStore keeps sessions on the server: the cookie holds a random ID, the
// database its hash, the data sealed. The library's own stores would put the
// data into the cookie, for 30 days and with SameSite=None.
type sessionStore struct{ s *Server }

// Keys of a session's values.
const (
	keyID      = "id"      // secret.Text, the ID in the cookie
	keySession = "session" // admin.Session
)

// Get implements sessions.Store.
func (st *sessionStore) Get(r *http.Request, name string) (*sessions.Session, error) {
	return sessions.GetRegistry(r).Get(st, name)
}

// New implements sessions.Store: it loads the session of the cookie. A cookie
// that is unknown, ended or expired gives an empty session, never an old one.
func (st *sessionStore) New(r *http.Request, name string) (*sessions.Session, error) {
	out := sessions.NewSession(st, name)
	out.Options = &sessions.Options{Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	out.IsNew = true
	c, err := r.Cookie(name)
	if err != nil {
		return out, nil
	}
	id, ours := st.s.sessionID(c.Value)
	if !ours {
		return out, nil
	}
	load := st.s.Admin.Load
	if unattended(r) {
		load = st.s.Admin.KeepAlive
	}
	session, err := load(r.Context(), id)
	switch {
	case errors.Is(err, admin.ErrNoSession):
		return out, nil
	case err != nil:
		return out, fmt.Errorf("web: session: %w", err)
	}
	out.IsNew = false
	out.Values[keyID], out.Values[keySession] = id, session
	return out, nil
}

// Save implements sessions.Store: it sets the cookie of a session that was
// renewed. The data is written value by value, see put.
func (st *sessionStore) Save(_ *http.Request, w http.ResponseWriter, out *sessions.Session) error {
	id, _ := out.Values[keyID].(secret.Text)
	if id.IsZero() {
		http.SetCookie(w, cookie(out.Name(), "", -1))
		return nil
	}
	if out.IsNew {
		value := id.Reveal() + "." + st.s.sessionMAC(id.Reveal())
		http.SetCookie(w, cookie(out.Name(), value, int(admin.AbsoluteLimit.Seconds())))
		out.IsNew = false
	}
	return nil
}

// The session cookie is "<ID>.<mac>". The mac opens nothing: it tells a session
// that we have once begun, however long it is dead, from a value that somebody
// has made up.
func (s *Server) sessionMAC(id string) string {
	mac := hmac.New(sha256.New, []byte(s.Wizard.Key.Reveal()))
	mac.Write([]byte("session cookie\x00" + id))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// sessionID takes the ID out of the cookie; ours says that we gave it out.
func (s *Server) sessionID(value string) (id secret.Text, ours bool) {
	text, mac, _ := strings.Cut(value, ".")
	if !hmac.Equal([]byte(mac), []byte(s.sessionMAC(text))) {
		return secret.Text{}, false
	}
	return secret.New(text), true
}

// hadSession reports whether the browser of a request has ever had a session.
func (s *Server) hadSession(r *http.Request) bool {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return false
	}
	_, ours := s.sessionID(c.Value)
	return ours
}

// refetchHeader marks what a page of ours fetches by itself.
const refetchHeader = "X-Latchkey-Refetch"

// unattended reports whether a request says that no person has made it: an
// event stream, what an event has made the page fetch, a page that loads itself
// again. It counts as nobody's presence, so that a session whose person has
// gone ends although the page stays open (threat T24).
func unattended(r *http.Request) bool {
	return r.Method == http.MethodGet && (refetch(r) || strings.HasSuffix(r.URL.Path, "/events") || autoOf(r) > 0)
}

func refetch(r *http.Request) bool { return r.Header.Get(refetchHeader) != "" }

// autoOf is after how many seconds a page loads itself again, 0 for never.
func autoOf(r *http.Request) int {
	if auto, err := strconv.Atoi(r.URL.Query().Get("auto")); err == nil && auto >= 10 && auto <= 600 {
		return auto
	}
	return 0
}

// visitor is who a request comes from.
type visitor struct {
	session *sessions.Session
	admin   admin.Session // zero for nobody
	id      secret.Text
	who     wizard.Who
	guest   wizard.Participant // of a guest's session
}

func (v visitor) known() bool { return v.who.Kind == wizard.WhoAdmin || v.who.Kind == wizard.WhoGuest }

// visitor loads the session and the person behind it.
func (s *Server) visitor(r *http.Request, at setup.StepID) (v visitor, err error) {
	v.who = wizard.Who{IP: clientAddress(r), Agent: agentOf(r)}
	if v.session, err = s.sessions.Get(r, sessionCookie); err != nil || v.session.IsNew {
		return v, err
	}
	v.admin, _ = v.session.Values[keySession].(admin.Session)
	v.id, _ = v.session.Values[keyID].(secret.Text)
	switch v.admin.Kind {
	case admin.KindAdmin:
		a, err := s.Admin.Account(r.Context(), v.admin.Subject)
		if errors.Is(err, admin.ErrNotFound) {
			return v, nil
		}
		v.who.Kind, v.who.ID, v.who.Name = wizard.WhoAdmin, a.ID, a.Name
		return v, err
	case admin.KindGuest:
		if unattended(r) {
			v.guest, err = s.Wizard.Guest(r.Context(), v.admin.Subject)
		} else {
			v.guest, err = s.Wizard.GuestSeen(r.Context(), v.admin.Subject, at)
		}
		if errors.Is(err, wizard.ErrForbidden) || errors.Is(err, wizard.ErrNotFound) {
			return v, nil // refused or revoked: nobody
		}
		v.who.Kind, v.who.ID, v.who.Name = wizard.WhoGuest, v.guest.ID, v.guest.Name
		if v.guest.State == wizard.ParticipantAdmitted {
			v.who.Role, v.who.Setup = v.guest.Role, v.guest.Setup
		}
		return v, err
	}
	return v, nil
}

// renew starts a session for somebody who has just proved who they are; the
// one before is gone, with its ID (session fixation, threat T23).
func (s *Server) renew(w http.ResponseWriter, r *http.Request, v *visitor, kind admin.Kind, subject string) error {
	want := admin.Session{Kind: kind, Subject: subject, Data: v.admin.Data, IP: v.who.IP, Agent: v.who.Agent}
	id, session, err := s.Admin.Renew(r.Context(), v.id, want)
	if err != nil {
		return err
	}
	v.id, v.admin = id, session
	v.session.Values[keyID], v.session.Values[keySession] = id, session
	v.session.IsNew = true
	return v.session.Save(r, w)
}

// put keeps a small value in the session; an empty one deletes it.
func (s *Server) put(ctx context.Context, v *visitor, key, value string) error {
	return s.Admin.Put(ctx, v.id, key, value)
}

// take returns a value of the session that is shown once; "" if there is none.
func (s *Server) take(ctx context.Context, v *visitor, key string) (string, error) {
	if v.admin.Data[key] == "" {
		return "", nil
	}
	return s.Admin.Take(ctx, v.id, key)
}
