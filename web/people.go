package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"latchkey/internal/admin"
	"latchkey/internal/flow"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// persons lists who takes part: the owner, and whoever was let in or invited.
func (r *request) persons(v wizard.View) []templates.Person {
	owner := templates.Person{Name: ownerName(v), Role: "owner", Presence: string(wizard.Here)}
	if r.visitor.who.Kind == wizard.WhoAdmin {
		owner.Name, owner.Me = r.visitor.who.Name, true
	}
	list := []templates.Person{owner}
	for _, p := range v.People {
		one := templates.Person{
			ID: p.ID, Name: p.Name, Role: string(p.Role), Presence: string(p.PresenceAt(v.Now)), Step: string(p.LastStep),
			Me: p.ID == r.visitor.who.ID, CanEnd: r.visitor.who.Kind == wizard.WhoAdmin,
		}
		switch p.State {
		case wizard.ParticipantAdmitted:
			list = append(list, one)
		case wizard.ParticipantInvited:
			if v.Now.Before(p.Expires) {
				one.Until = p.Expires
				list = append(list, one)
			}
		}
	}
	return list
}

func (s *Server) people(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	return r.render(w, http.StatusOK, templates.People(r.peopleView(v, nil)))
}

func inviteKey(id setup.ID) string { return "invite:" + string(id) }

func (r *request) peopleView(v wizard.View, wrong map[string]string) templates.PeopleView {
	page := templates.PeopleView{
		Page: r.setupPage(v), People: r.persons(v), CanInvite: r.visitor.who.Kind == wizard.WhoAdmin,
		Role: string(wizard.RoleM365Admin), Inviter: r.visitor.who.Name, Errors: wrong,
	}
	if id, code, ok := strings.Cut(r.visitor.admin.Data[inviteKey(v.Setup.ID)], " "); ok {
		for _, p := range v.People {
			if p.ID == id && p.State == wizard.ParticipantInvited && v.Now.Before(p.Expires) {
				page.Local = loopback(v.ExternalURL)
				page.Link, page.LinkRole, page.LinkUntil = v.ExternalURL+"/join/"+code, string(p.Role), p.Expires
			}
		}
	}
	for _, p := range v.People {
		if p.State == wizard.ParticipantWaiting && page.CanInvite {
			page.Waiting = append(page.Waiting, templates.Visitor{
				ID: p.ID, Name: p.Name, Role: string(p.Role), Browser: browserNames[browserOf(p.ClaimedBy.Agent)],
				System: systemOf(p.ClaimedBy.Agent), Address: p.ClaimedBy.IP, At: p.Claimed,
			})
		}
	}
	return page
}

// invite makes a link for a second person. The code is shown to the one who
// made it, from their session; the database has its hash.
func (s *Server) invite(w http.ResponseWriter, r *request) error {
	code, p, err := s.Wizard.Invite(r.Context(), r.visitor.who, r.id(), wizard.ParticipantRole(r.PostForm.Get("role")))
	if problems, rejected := inputErrors(err); rejected {
		v, err := r.view()
		if err != nil {
			return err
		}
		return r.render(w, http.StatusUnprocessableEntity, templates.People(r.peopleView(v, r.problems(problems))))
	}
	if err != nil {
		return err
	}
	if err := s.put(r.Context(), &r.visitor, inviteKey(r.id()), p.ID+" "+code); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/people", "invited")
}

func (s *Server) admit(w http.ResponseWriter, r *request) error {
	if err := s.Wizard.Admit(r.Context(), r.visitor.who, r.id(), r.PostForm.Get("id")); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/people", "let_in")
}

// dismiss refuses somebody who waits, or ends an invitation or a stay. The
// session of who was let in ends with it.
func (s *Server) dismiss(w http.ResponseWriter, r *request) error {
	id := r.PostForm.Get("id")
	if err := s.Wizard.Dismiss(r.Context(), r.visitor.who, r.id(), id); err != nil {
		return err
	}
	if err := s.Admin.EndAll(r.Context(), admin.KindGuest, id); err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/people", "revoked")
}

// joinPage shows what an invitation is for. It consumes nothing.
func (s *Server) joinPage(w http.ResponseWriter, r *request) error {
	return s.joinForm(w, r, http.StatusOK, "", nil)
}

func (s *Server) joinForm(w http.ResponseWriter, r *request, status int, name string, wrong map[string]string) error {
	p, invited, err := s.Wizard.Invitation(r.Context(), chi.URLParam(r.Request, "code"))
	if err != nil {
		return err
	}
	v := templates.JoinView{
		Page: r.base(), Action: r.URL.Path, Inviter: p.InvitedBy.Name, Mailbox: r.title(invited), Role: string(p.Role),
		Until: p.Expires, Name: name, Errors: wrong,
	}
	view, err := s.Wizard.View(r.Context(), wizard.System, invited.ID)
	if err != nil {
		return err
	}
	for _, id := range []setup.StepID{setup.StepRegistration, setup.StepMailbox} {
		if st, ok := view.Step(id); ok && st.State != flow.Done && p.Role == wizard.RoleM365Admin {
			v.Steps = append(v.Steps, string(id))
		}
	}
	return r.render(w, status, templates.Join(v))
}

// join claims the invitation for this browser, which then waits to be let in.
func (s *Server) join(w http.ResponseWriter, r *request) error {
	if r.visitor.who.Kind == wizard.WhoAdmin {
		return wizard.ErrForbidden // the waiting room is never for the owner's own account
	}
	name := r.PostForm.Get("name")
	p, err := s.Wizard.Claim(r.Context(), chi.URLParam(r.Request, "code"), name, r.visitor.who)
	if problems, rejected := inputErrors(err); rejected {
		return s.joinForm(w, r, http.StatusUnprocessableEntity, name, r.problems(problems))
	}
	if err != nil {
		return err
	}
	r.visitor.admin.Data = nil
	if err := s.renew(w, r.Request, &r.visitor, admin.KindGuest, p.ID); err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/waiting", http.StatusSeeOther)
	return nil
}

// waitingRoom is where a person waits to be let in.
func (s *Server) waitingRoom(w http.ResponseWriter, r *request) error {
	p := r.visitor.guest
	if p.ID == "" {
		return wizard.ErrNotFound
	}
	v := templates.WaitingRoomView{Page: r.base(), State: string(p.State), Inviter: p.InvitedBy.Name, Name: p.Name}
	v.Live.Events, v.Live.Waits = "/waiting/events", p.State == wizard.ParticipantWaiting
	if p.State == wizard.ParticipantAdmitted {
		v.Go, v.Live.Events = "/m/"+string(p.Setup), ""
	}
	return r.render(w, http.StatusOK, templates.WaitingRoom(v))
}

// loopback reports whether an address means whatever computer opens it (RFC
// 6761 §6.3).
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, bad := netip.ParseAddr(u.Hostname())
	return u.Hostname() == "localhost" || strings.HasSuffix(u.Hostname(), ".localhost") || bad == nil && ip.IsLoopback()
}
