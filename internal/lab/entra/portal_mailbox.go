package entra

import (
	"net/http"
	"net/url"
	"slices"

	"latchkey/internal/lab/world"
)

type mailboxView struct {
	Mailbox world.Mailbox
	SMTP    []choice
	People  []rights
}

type choice struct {
	Value, Text string
	Chosen      bool
}

type rights struct {
	ID, UPN            string
	FullAccess, SendAs bool
}

func (e *Server) portalMailboxes(s *world.State, _ *http.Request) outcome {
	var list []world.Mailbox
	for _, m := range s.Mailboxes {
		if s.User(m.OwnerID).TenantID == home(s).ID {
			list = append(list, *m)
		}
	}
	return render("mailboxes", list)
}

// smtpChoices are the three values of SmtpClientAuthenticationDisabled in the
// order of the form.
var smtpChoices = []struct {
	value   string
	text    string
	setting world.Switch
}{
	{"inherit", "As the organisation decides", world.Inherit},
	{"on", "On", world.On},
	{"off", "Off", world.Off},
}

func (e *Server) portalMailbox(s *world.State, r *http.Request) outcome {
	m := s.Mailbox(r.PathValue("address"))
	if m == nil {
		return notFound()
	}
	view := mailboxView{Mailbox: *m}
	for _, c := range smtpChoices {
		view.SMTP = append(view.SMTP, choice{c.value, c.text, c.setting == m.SMTPAuth})
	}
	for _, u := range delegates(s, m) {
		view.People = append(view.People, rights{
			ID: u.ID, UPN: u.UPN, FullAccess: slices.Contains(m.FullAccess, u.ID), SendAs: slices.Contains(m.SendAs, u.ID),
		})
	}
	return render("mailbox", view)
}

// delegates are the people of the tenant who can be given rights.
func delegates(s *world.State, m *world.Mailbox) []*world.User {
	owner := s.User(m.OwnerID)
	return slices.DeleteFunc(slices.Clone(s.Users), func(u *world.User) bool {
		return u.TenantID != owner.TenantID || u.Disabled || u == owner
	})
}

func (e *Server) portalChangeMailbox(s *world.State, r *http.Request) outcome {
	m := s.Mailbox(r.PathValue("address"))
	if m == nil {
		return notFound()
	}
	m.IMAP, m.POP, m.Licensed = r.PostForm.Has("imap"), r.PostForm.Has("pop"), r.PostForm.Has("licence")
	for _, c := range smtpChoices {
		if c.value == r.PostForm.Get("smtp") {
			m.SMTPAuth = c.setting
		}
	}
	m.FullAccess, m.SendAs = nil, nil
	for _, u := range delegates(s, m) {
		if slices.Contains(r.PostForm["full_access"], u.ID) {
			m.FullAccess = append(m.FullAccess, u.ID)
		}
		if slices.Contains(r.PostForm["send_as"], u.ID) {
			m.SendAs = append(m.SendAs, u.ID)
		}
	}
	return seeOther("/portal/mailboxes/" + url.PathEscape(m.Address))
}

type tenantView struct {
	ID, Domain                    string
	SMTPAuthDisabled, UserConsent bool
}

func (e *Server) portalTenant(s *world.State, _ *http.Request) outcome {
	t := home(s)
	return render("tenant", tenantView{t.ID, t.Domain(), t.SMTPAuthDisabled, t.UserConsent})
}

func (e *Server) portalChangeTenant(s *world.State, r *http.Request) outcome {
	t := home(s)
	t.SMTPAuthDisabled, t.UserConsent = r.PostForm.Has("smtp_auth_off"), r.PostForm.Has("user_consent")
	return seeOther("/portal/tenant")
}
