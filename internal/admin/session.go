package admin

import (
	"context"
	"errors"
	"time"

	"latchkey/internal/secret"
)

// The lifetimes of a session (architecture of the sessions: idle and absolute
// limits within OWASP's range for office use, Session Management Cheat Sheet,
// read 2026).
const (
	IdleLimit     = 15 * time.Minute
	AbsoluteLimit = 8 * time.Hour
	// WaitLimit is how long an open waiting page keeps a session alive after
	// the last request that a person has made.
	WaitLimit = 60 * time.Minute

	sessionBytes = 32
	touchEvery   = 30 * time.Second // a write per request would be too many
)

// Kind tells whose session it is.
type Kind string

// An administrator, an invited participant, or nobody known.
const (
	KindAdmin     Kind = "admin"
	KindGuest     Kind = "guest"
	KindAnonymous Kind = "anonymous"
)

// Session is one browser's session.
type Session struct {
	// Handle names the session in lists; it opens nothing.
	Handle  string
	Hash    Hash // of the ID in the cookie
	Kind    Kind
	Subject string // account ID, participant ID, or ""
	// Data belongs to the caller and is sealed in the store.
	Data map[string]string

	Started time.Time // also when its subject has proved who it is
	Seen    time.Time // last request made by a person, to half a minute
	IdleEnd time.Time
	End     time.Time

	IP, Agent string // of the browser that started it
}

// Start begins a session for want's Kind, Subject, Data, IP and Agent, and
// returns it with its ID, which exists nowhere else.
func (s *Service) Start(ctx context.Context, want Session) (secret.Text, Session, error) {
	return s.Renew(ctx, secret.Text{}, want)
}

// Renew ends the session called old, if there is one, and starts another in
// the same transaction. It is called at each login and each change of
// privilege: an ID that somebody planted or saw before is worth nothing after
// (session fixation). The absolute limit begins anew.
func (s *Service) Renew(ctx context.Context, old secret.Text, want Session) (secret.Text, Session, error) {
	text, err := s.code(sessionBytes)
	if err != nil {
		return secret.Text{}, Session{}, err
	}
	handle, err := s.code(claimBytes)
	if err != nil {
		return secret.Text{}, Session{}, err
	}
	id, now := secret.New(text), s.now()
	n := want
	n.Handle, n.Hash = handle, hashOf(id)
	n.Started, n.Seen, n.IdleEnd, n.End = now, now, now.Add(IdleLimit), now.Add(AbsoluteLimit)
	err = s.store.Update(ctx, func(tx Tx) error {
		if err := tx.PruneSessions(now); err != nil {
			return err
		}
		if !old.IsZero() {
			if err := tx.DeleteSession(hashOf(old)); err != nil {
				return err
			}
		}
		return tx.InsertSession(n)
	})
	if err != nil {
		return secret.Text{}, Session{}, err
	}
	return id, n, nil
}

// Load returns a living session and notes that a person has used it;
// ErrNoSession otherwise.
func (s *Service) Load(ctx context.Context, id secret.Text) (Session, error) {
	now := s.now()
	session, err := s.living(ctx, id, now)
	if err != nil || now.Sub(session.Seen) < touchEvery {
		return session, err
	}
	session.Seen, session.IdleEnd = now, now.Add(IdleLimit)
	return session, s.touch(ctx, session)
}

// KeepAlive returns a living session and extends it without a person: an open
// page that waits or fetches by itself calls it. It never reaches further than
// WaitLimit after the person's last request.
func (s *Service) KeepAlive(ctx context.Context, id secret.Text) (Session, error) {
	now := s.now()
	session, err := s.living(ctx, id, now)
	if err != nil {
		return session, err
	}
	end := now.Add(IdleLimit)
	if limit := session.Seen.Add(WaitLimit); end.After(limit) {
		end = limit
	}
	if end.Sub(session.IdleEnd) < touchEvery {
		return session, nil
	}
	session.IdleEnd = end
	return session, s.touch(ctx, session)
}

// Put changes one value of the session's data, "" deletes it; ErrNoSession if
// the session has ended. What another request of the same browser has stored
// meanwhile stays.
func (s *Service) Put(ctx context.Context, id secret.Text, key, value string) error {
	return s.change(ctx, id, func(data map[string]string) {
		data[key] = value
		if value == "" {
			delete(data, key)
		}
	})
}

// Take returns one value of the session's data and forgets it, so that of two
// requests one gets it; "" if there is none.
func (s *Service) Take(ctx context.Context, id secret.Text, key string) (value string, err error) {
	err = s.change(ctx, id, func(data map[string]string) {
		value = data[key]
		delete(data, key)
	})
	return value, err
}

func (s *Service) change(ctx context.Context, id secret.Text, fn func(map[string]string)) error {
	return ended(s.store.Update(ctx, func(tx Tx) error {
		session, err := tx.Session(hashOf(id))
		if err != nil {
			return err
		}
		if !session.alive(s.now()) {
			return ErrNoSession
		}
		if session.Data == nil {
			session.Data = map[string]string{}
		}
		fn(session.Data)
		return tx.SaveSessionData(session.Hash, session.Data)
	}))
}

// End ends one session, known by its ID. Ending it twice is no error.
func (s *Service) End(ctx context.Context, id secret.Text) error {
	return s.store.Update(ctx, func(tx Tx) error {
		session, err := tx.Session(hashOf(id))
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := tx.DeleteSession(session.Hash); err != nil {
			return err
		}
		return s.recordEnd(tx, session.Kind, session.Subject)
	})
}

// EndByHandle ends one of a subject's sessions from the list; ErrNoSession for
// a handle that is not the subject's.
func (s *Service) EndByHandle(ctx context.Context, kind Kind, subject, handle string) error {
	return ended(s.store.Update(ctx, func(tx Tx) error {
		if err := tx.DeleteSessionByHandle(kind, subject, handle); err != nil {
			return err
		}
		return s.recordEnd(tx, kind, subject)
	}))
}

// EndAll ends all sessions of a subject.
func (s *Service) EndAll(ctx context.Context, kind Kind, subject string) error {
	return s.store.Update(ctx, func(tx Tx) error {
		if err := tx.DeleteSessionsOf(kind, subject); err != nil {
			return err
		}
		return s.recordEnd(tx, kind, subject)
	})
}

// Sessions lists the living sessions of a subject without their data, newest
// first.
func (s *Service) Sessions(ctx context.Context, kind Kind, subject string) ([]Session, error) {
	var living []Session
	now := s.now()
	err := s.store.View(ctx, func(tx Tx) error {
		living = nil
		all, err := tx.Sessions(kind, subject)
		for _, session := range all {
			if session.alive(now) {
				living = append(living, session)
			}
		}
		return err
	})
	return living, err
}

func (s Session) alive(now time.Time) bool { return now.Before(s.IdleEnd) && now.Before(s.End) }

func (s *Service) living(ctx context.Context, id secret.Text, now time.Time) (Session, error) {
	var session Session
	err := s.store.View(ctx, func(tx Tx) (err error) {
		session, err = tx.Session(hashOf(id))
		return err
	})
	if err != nil {
		return Session{}, ended(err)
	}
	if !session.alive(now) {
		return Session{}, ErrNoSession
	}
	return session, nil
}

func (s *Service) touch(ctx context.Context, session Session) error {
	return ended(s.store.Update(ctx, func(tx Tx) error {
		return tx.TouchSession(session.Hash, session.Seen, session.IdleEnd)
	}))
}

// ended turns a store's "not found" into the word callers decide on.
func ended(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrNoSession
	}
	return err
}
