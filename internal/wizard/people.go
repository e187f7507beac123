package wizard

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"latchkey/internal/audit"
	"latchkey/internal/setup"
)

const (
	// inviteLife is how long an invitation can be claimed.
	inviteLife = 24 * time.Hour
	maxName    = 80
	// seenEvery is how precisely presence is known.
	seenEvery = 20 * time.Second
	// hereFor and awayFor divide here, away and left.
	hereFor = 60 * time.Second
	awayFor = 15 * time.Minute
)

// Errors of the invitation.
var (
	// ErrInviteDead: the invitation was claimed, revoked or has expired.
	ErrInviteDead = fmt.Errorf("wizard: the invitation can not be used any more")
)

// ParseName accepts what a person calls themselves: shown to others, so not
// endless, no control characters, and none that turn the direction of the text
// behind it (Unicode Standard Annex #9 §2).
func ParseName(s string) (string, error) {
	name := strings.Join(strings.Fields(s), " ")
	switch {
	case name == "":
		return "", setup.InputErrors{{Field: "name", Problem: setup.ProblemRequired}}
	case len(name) > maxName:
		return "", setup.InputErrors{{Field: "name", Value: name[:20], Problem: setup.ProblemTooLong}}
	case strings.IndexFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) >= 0:
		return "", setup.InputErrors{{Field: "name", Problem: setup.ProblemControl}}
	}
	return name, nil
}

// Invite makes an invitation to one setup. The code is returned once; only its
// hash is stored.
func (w *Wizard) Invite(ctx context.Context, who Who, id setup.ID, role ParticipantRole) (code string, p Participant, err error) {
	if who.Kind != WhoAdmin {
		return "", p, ErrForbidden
	}
	if role != RoleM365Admin && role != RoleObserver {
		return "", p, setup.InputErrors{{Field: "role", Value: string(role), Problem: setup.ProblemNotOffered}}
	}
	if code, err = w.newCode(); err != nil {
		return "", p, err
	}
	pid, err := w.newCode()
	if err != nil {
		return "", p, err
	}
	now := w.Now().UTC()
	p = Participant{
		ID: pid, Version: 1, Setup: id, Role: role, State: ParticipantInvited,
		InviteHash: hashOf(code), InvitedBy: who, Invited: now, Expires: now.Add(inviteLife),
	}
	err = w.Store.Update(ctx, func(tx Tx) error {
		if _, err := tx.Setup(id); err != nil {
			return err
		}
		if err := tx.InsertParticipant(p); err != nil {
			return err
		}
		return w.record(tx, who, id, audit.InviteCreated, "participant", p.ID, "role", string(role))
	})
	return code, p, err
}

// Invitation tells what an invitation is for. It changes nothing.
func (w *Wizard) Invitation(ctx context.Context, code string) (p Participant, s setup.Setup, err error) {
	err = w.Store.View(ctx, func(tx Tx) error {
		if p, err = tx.ParticipantByInvite(hashOf(code)); err != nil {
			return err
		}
		if s, err = tx.Setup(p.Setup); err != nil {
			return err
		}
		return p.claimable(w.Now())
	})
	return p, s, err
}

func (p Participant) claimable(now time.Time) error {
	if p.State != ParticipantInvited || now.After(p.Expires) {
		return ErrInviteDead
	}
	return nil
}

// Claim uses an invitation up and puts the person into the waiting room.
func (w *Wizard) Claim(ctx context.Context, code, name string, who Who) (p Participant, err error) {
	if name, err = ParseName(name); err != nil {
		return p, err
	}
	err = w.Store.Update(ctx, func(tx Tx) error {
		if p, err = tx.ParticipantByInvite(hashOf(code)); err != nil {
			return err
		}
		if err := p.claimable(w.Now()); err != nil {
			return err
		}
		now := w.Now().UTC()
		who.Kind, who.ID, who.Name = WhoGuest, p.ID, name
		p.State, p.Name, p.Claimed, p.ClaimedBy, p.LastSeen = ParticipantWaiting, name, now, who, now
		if err := tx.SaveParticipant(&p); err != nil {
			return err
		}
		return w.record(tx, who, p.Setup, audit.InviteClaimed, "participant", p.ID)
	})
	w.Hook("invite_claimed")
	return p, err
}

// Admit lets a waiting person in; Turn refuses or revokes.
func (w *Wizard) Admit(ctx context.Context, who Who, id setup.ID, participant string) error {
	return w.onParticipant(ctx, who, id, participant, audit.ParticipantAdmitted, func(p *Participant) error {
		if p.State != ParticipantWaiting {
			return ErrConflict
		}
		p.State, p.Admitted = ParticipantAdmitted, w.Now().UTC()
		return nil
	})
}

// Dismiss refuses a waiting person, or ends an invitation or a stay.
func (w *Wizard) Dismiss(ctx context.Context, who Who, id setup.ID, participant string) error {
	action := audit.ParticipantRevoked
	return w.onParticipant(ctx, who, id, participant, action, func(p *Participant) error {
		switch p.State {
		case ParticipantWaiting:
			p.State = ParticipantRefused
		case ParticipantInvited, ParticipantAdmitted:
			p.State = ParticipantRevoked
		default:
			return ErrConflict
		}
		return nil
	})
}

func (w *Wizard) onParticipant(ctx context.Context, who Who, id setup.ID, participant string, action audit.Action, fn func(*Participant) error) error {
	if who.Kind != WhoAdmin {
		return ErrForbidden
	}
	return w.Store.Update(ctx, func(tx Tx) error {
		p, err := tx.Participant(participant)
		if err != nil {
			return err
		}
		if p.Setup != id {
			return ErrNotFound
		}
		if err := fn(&p); err != nil {
			return err
		}
		if err := tx.SaveParticipant(&p); err != nil {
			return err
		}
		return w.record(tx, who, id, action, "participant", p.ID, "name", p.Name, "state", string(p.State))
	})
}

// Guest returns the person behind a guest's session. Whoever was refused or
// revoked is nobody.
func (w *Wizard) Guest(ctx context.Context, participant string) (p Participant, err error) {
	err = w.Store.View(ctx, func(tx Tx) error { p, err = tx.Participant(participant); return err })
	if err == nil && p.State != ParticipantAdmitted && p.State != ParticipantWaiting {
		err = ErrForbidden
	}
	return p, err
}

// GuestSeen is Guest for a request that a person has made: it notes that they
// are here, and at which step. Open pages hear of it only when the person has
// come back or gone to another step; that time passes is no change.
func (w *Wizard) GuestSeen(ctx context.Context, participant string, at setup.StepID) (p Participant, err error) {
	if p, err = w.Guest(ctx, participant); err != nil {
		return p, err
	}
	now := w.Now().UTC()
	if now.Sub(p.LastSeen) < seenEvery && (at == "" || at == p.LastStep) {
		return p, nil
	}
	err = w.Store.Update(ctx, func(tx Tx) error {
		if p, err = tx.Participant(participant); err != nil {
			return err
		}
		news := p.PresenceAt(now) != Here || at != "" && at != p.LastStep
		p.LastSeen = now
		if at != "" {
			p.LastStep = at
		}
		if news {
			return tx.SaveParticipant(&p)
		}
		return tx.SaveParticipantQuietly(&p)
	})
	return p, err
}

// Presence is how near a person is, in words the pages show.
type Presence string

// The values of a Presence.
const (
	Here Presence = "here"
	Away Presence = "away"
	Left Presence = "left"
)

// PresenceAt derives presence from the last request.
func (p Participant) PresenceAt(now time.Time) Presence {
	switch ago := now.Sub(p.LastSeen); {
	case ago < hereFor:
		return Here
	case ago < awayFor:
		return Away
	}
	return Left
}
