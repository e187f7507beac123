package templates

import (
	"context"
	"time"
)

// PeopleView is the page of everybody who takes part in a setup.
type PeopleView struct {
	Page
	People    []Person
	Waiting   []Visitor
	CanInvite bool
	Role      string // chosen role of the invite form
	Link      string // of the invitation just made; shown this once
	LinkRole  string
	LinkUntil time.Time
	Inviter   string
	Local     bool // no other computer opens the link
	Errors    map[string]string
}

// JoinView is what an invitation shows before anything is consumed.
type JoinView struct {
	Page
	Action  string // the link's own address
	Inviter string
	Mailbox string
	Role    string   // a word of the family "role"
	Steps   []string // IDs of the steps that wait for this person
	Until   time.Time
	Name    string
	Errors  map[string]string
}

// WaitingRoomView is what a person sees who has joined and is not let in yet.
type WaitingRoomView struct {
	Page
	State   string // "waiting", "admitted" or "refused"
	Inviter string
	Name    string
	Go      string // address of the setup once admitted
}

func peopleState(ctx context.Context, v PeopleView) string {
	if len(v.Waiting) == 0 {
		return ""
	}
	return n(ctx, "people.waiting", len(v.Waiting))
}

// personText is the second line of a person: role, presence, step.
func personText(ctx context.Context, x Person) string {
	role := word(ctx, "role", x.Role)
	switch {
	case !x.Until.IsZero():
		return t(ctx, "people.invited", "role", role, "time", printer(ctx).DateTime(x.Until))
	case x.Presence == "":
		return role
	case x.Step != "":
		return t(ctx, "people.present_step", "role", role, "presence", word(ctx, "presence", x.Presence), "step", word(ctx, "step", x.Step))
	}
	return t(ctx, "people.present", "role", role, "presence", word(ctx, "presence", x.Presence))
}

// inviteText is the message to send with the link: plain text, for any chat.
func inviteText(ctx context.Context, v PeopleView) string {
	return t(ctx, "invite.text", "name", v.Inviter, "mailbox", setupName(ctx, v.Setup),
		"role", word(ctx, "role_part", v.LinkRole), "link", v.Link, "time", printer(ctx).DateTime(v.LinkUntil))
}
