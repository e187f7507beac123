package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"latchkey/internal/admin"
	"latchkey/internal/secret"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

const (
	// watchEvery is how often the change number is looked at; the other side
	// sees a change within a second.
	watchEvery = 300 * time.Millisecond
	// lookEvery is how often an open page has done what is due, as a person who
	// opens it would.
	lookEvery = 20 * time.Second
	// beat keeps proxies from closing an idle stream.
	beat = 15 * time.Second
	// streamLife ends a stream that nobody comes back to; the browser opens a
	// new one while the page is looked at.
	streamLife = 60 * time.Minute
)

// events tells an open page that its setup has changed. It carries no data but
// a number: what changed the page fetches itself, with its own rights.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	v, err := s.visitor(r, "")
	id := setup.ID(chi.URLParam(r, "id"))
	if err != nil || !wizard.Reads(v.who, id) {
		s.plainError(w, r, http.StatusNotFound)
		return
	}
	looked := s.Now()
	s.stream(w, r, v.id, func(ctx context.Context) (int64, bool) {
		// An open page looks: what is due meanwhile runs.
		if now := s.Now(); now.Sub(looked) >= lookEvery {
			looked = now
			if err := s.Wizard.Refresh(ctx, id); err != nil && ctx.Err() == nil {
				s.Log.Error("checks not started for an open page", "setup", id, "error", err)
			}
		}
		if v.who.Kind == wizard.WhoGuest { // revoked while the page is open
			if p, err := s.Wizard.Guest(ctx, v.who.ID); err != nil || p.State != wizard.ParticipantAdmitted {
				return 0, false
			}
		}
		n, err := s.Wizard.Changes(ctx, id)
		return n, err == nil
	})
}

// waitingEvents tells a person in the waiting room that the door has moved.
func (s *Server) waitingEvents(w http.ResponseWriter, r *http.Request) {
	v, err := s.visitor(r, "")
	if err != nil || v.guest.ID == "" {
		s.plainError(w, r, http.StatusNotFound)
		return
	}
	s.stream(w, r, v.id, func(ctx context.Context) (int64, bool) {
		p, err := s.Wizard.Guest(ctx, v.guest.ID)
		if err != nil {
			return 0, false
		}
		if p.State == wizard.ParticipantWaiting {
			return 1, true
		}
		return 2, true
	})
}

// stream sends an event each time number changes, until the browser goes, the
// session ends or number says there is nothing more to watch.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, session secret.Text, number func(context.Context) (int64, bool)) {
	control := http.NewResponseController(w)
	if err := control.SetWriteDeadline(time.Time{}); err != nil {
		s.plainError(w, r, http.StatusInternalServerError)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), streamLife)
	defer cancel()
	stop := context.AfterFunc(s.closing, cancel)
	defer stop()

	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("X-Accel-Buffering", "no")
	if r.Method == http.MethodHead {
		return // it has no end, so nobody waits for it
	}
	send := func(text string) bool {
		_, err := w.Write([]byte(text))
		return err == nil && control.Flush() == nil
	}
	last, ok := number(ctx)
	if sent, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64); err == nil && sent != last {
		last = sent // a change was missed between two connections
	}
	if !ok || !send("retry: 2000\n: open\n\n") {
		return
	}
	watch, pulse := time.NewTicker(watchEvery), time.NewTicker(beat)
	defer watch.Stop()
	defer pulse.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pulse.C:
			ended := false
			if !session.IsZero() { // a private window has none
				_, err := s.Admin.KeepAlive(ctx, session)
				ended = errors.Is(err, admin.ErrNoSession)
			}
			if ended || !send(": beat\n\n") {
				return
			}
		case <-watch.C:
			now, ok := number(ctx)
			if !ok {
				send("event: end\ndata: end\n\n")
				return
			}
			if now != last {
				last = now
				if !send(fmt.Sprintf("id: %d\nevent: part\ndata: %d\n\n", now, now)) {
					return
				}
			}
		}
	}
}
