package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"latchkey/internal/check"
	"latchkey/internal/finding"
	"latchkey/internal/flow"
	"latchkey/internal/product"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// setupPage fills what every page of a setup shows: rail, banner, live updates.
func (r *request) setupPage(v wizard.View) templates.Page {
	p := r.base()
	path := "/m/" + string(v.Setup.ID)
	p.Setup = templates.Setup{Path: path, Name: r.title(v.Setup)}
	for _, st := range v.Steps {
		p.Setup.Rail = append(p.Setup.Rail, r.row(v, st))
	}
	p.Live.Events = path + "/events"
	p.Live.Auto = autoOf(r.Request)
	p.Next = r.next(v)
	if v.Reissuing() && r.visitor.who.Kind == wizard.WhoAdmin {
		p.Reissue = path + "/reissue/cancel"
	}
	return p
}

// title is what people call a setup; of several mailboxes it names the first
// and counts the rest.
func (r *request) title(s setup.Setup) string {
	if more := len(s.Application.Mailboxes) - 1; more > 0 {
		return r.printer.N("layout.more", more, "name", s.Title())
	}
	return s.Title()
}

func (r *request) row(v wizard.View, st flow.StepState) templates.Row {
	row := templates.Row{Step: string(st.Step.ID), State: string(st.State), Fact: r.stepFact(v, st.Step.ID)}
	switch st.State {
	case flow.Blocked:
		if len(st.Needs) > 0 {
			row.By = string(st.Needs[0].Step)
		}
	case flow.Waiting:
		row.By = v.Next.GuestName
		if v.Next.Guest == r.visitor.who.ID {
			row.State, row.By = string(v.Next.State), ""
		}
	}
	row.Left = st.Step.ID == setup.StepMailbox && v.Setup.Mailbox.Decision == setup.ByVerification
	for _, f := range st.Findings() {
		count(&row.Warnings, f.Severity() == finding.Warning)
	}
	return row
}

// stepFact is the one thing worth knowing about a step in a list.
func (r *request) stepFact(v wizard.View, id setup.StepID) string {
	s := v.Setup
	switch id {
	case setup.StepApplication:
		if s.Application.Method != "" {
			return r.printer.T("method." + string(s.Application.Method))
		}
	case setup.StepRegistration:
		if s.Registration.SecretRevision > 0 {
			return r.printer.T("secret.stored_by", "time", r.printer.DateTime(s.Registration.SecretSavedAt), "name", s.Registration.SecretSavedBy)
		}
	case setup.StepMailbox:
		if fact := r.stated(s); fact != "" {
			return fact
		}
		if s.Mailbox.Decision == setup.ByVerification {
			return r.printer.T("mailbox.left", "name", s.Mailbox.By)
		}
		if s.Mailbox.Decision != "" {
			return r.printer.T("decision." + string(s.Mailbox.Decision))
		}
	case setup.StepSignIn:
		if s.SignIn.Pinned != nil {
			return s.SignIn.Pinned.UserName
		}
	case setup.StepVerification:
		return r.sending(v)
	case setup.StepHandover:
		if s.Handover.Key != "" {
			return r.printer.T("key." + string(s.Handover.Key))
		}
	}
	return ""
}

// stated counts the answers about the mailbox that nobody knows; "" if all are
// known, or none was asked for.
func (r *request) stated(s setup.Setup) string {
	if s.Mailbox.Decision != setup.ByStatement {
		return ""
	}
	subjects := check.Subjects(s.Application)
	open := 0
	for _, subject := range subjects {
		standing := s.Mailbox.Statement[subject]
		count(&open, standing != setup.StandingYes && standing != setup.StandingNo)
	}
	switch open {
	case 0:
		return ""
	case len(subjects):
		return r.printer.T("mailbox.unknown")
	}
	return r.printer.N("mailbox.partly", open)
}

// sending says whether a message has gone out: an accepted SMTP login proves
// nothing about it. "" where nothing is sent or nothing was verified yet.
func (r *request) sending(v wizard.View) string {
	st, ok := v.Step(setup.StepVerification)
	if !ok || st.State != flow.Done || !v.Setup.Application.Has(setup.SMTP) {
		return ""
	}
	for _, c := range st.Checks {
		if c.Check == check.TestMessage && c.Passed() && len(c.Result.Findings) == 0 {
			return r.printer.T("sending.proved")
		}
	}
	return r.printer.T("sending.open")
}

// next is the banner: who acts, in the voice of the reader.
func (r *request) next(v wizard.View) *templates.Next {
	n := v.Next
	if name := knocking(v); name != "" && r.visitor.who.Kind == wizard.WhoAdmin {
		return &templates.Next{Me: true, Room: true, Text: r.printer.T("next.room", "name", name)}
	}
	if text := r.decision(v); text != "" {
		return &templates.Next{Me: true, Step: string(setup.StepSignIn), Text: text}
	}
	if text := r.unproved(v); text != "" && !v.Running && r.visitor.who.Kind == wizard.WhoAdmin {
		return &templates.Next{Me: true, Step: string(setup.StepHandover), Text: text}
	}
	if n.Step == "" || v.Running {
		return nil
	}
	out := &templates.Next{Step: string(n.Step), Actor: string(n.Actor)}
	switch {
	case n.Guest != "" && n.Guest == r.visitor.who.ID, n.Guest == "" && r.visitor.who.Kind == wizard.WhoAdmin:
		out.Me = true
	case n.Guest != "":
		// The role under which that person was invited, whatever of it is needed.
		out.Who, out.Actor = n.GuestName, string(finding.EntraAdmin)
	default:
		out.Who = ownerName(v)
		out.Actor = ""
	}
	if !out.Me { // nobody waits for the reader's own act by the clock
		out.Since = n.Since
	}
	out.Text, out.Card = r.nextAct(v)
	return out
}

// unproved is what the owner has to look at although every step is done.
func (r *request) unproved(v wizard.View) string {
	number := len(v.Steps)
	switch c := v.Condition(); c {
	case wizard.NotFetching, wizard.HandedOver:
		return r.printer.T("overview_sentence." + string(c))
	case wizard.NotSeen:
		if shows := check.FetchingShows(v.Setup); v.Now.Before(shows) {
			return r.printer.T("next.look_after", "time", r.printer.DateTime(shows), "number", number)
		}
		return r.printer.T("next.look", "number", number)
	}
	return ""
}

// decision is what the owner is asked about the sign-in that is under way; it
// waits for minutes only, so it goes before everything else.
func (r *request) decision(v wizard.View) string {
	switch a := v.Attempt; {
	case r.visitor.who.Kind != wizard.WhoAdmin:
	case a.State == wizard.AttemptStaged:
		return r.printer.T("next.staged")
	case a.State == wizard.AttemptConfirmed && !a.LetIn:
		return r.printer.T("next.visitor")
	}
	return ""
}

// nextAct names what is to be done where that is more than to answer the step:
// the problem that stands. card is its anchor.
func (r *request) nextAct(v wizard.View) (text, card string) {
	st, ok := v.Step(v.Next.Step)
	if !ok {
		return "", ""
	}
	for i, g := range st.Groups() {
		if g.Finding.Blocks() {
			return r.printer.T("next.problem", "title", r.printer.Finding(g.Finding).Title), anchors(st)[i]
		}
	}
	number := 1 + slices.IndexFunc(v.Steps, func(s flow.StepState) bool { return s.Step.ID == v.Next.Step })
	switch list := v.Setup.Application.ChecklistOnly; {
	case v.Reissuing() && v.Next.Step == setup.StepSignIn:
		text = r.printer.T("next.reissue", "number", number)
	case list && v.Next.Step == setup.StepRegistration:
		text = r.printer.T("next.checklist_registration", "number", number)
	case list && v.Next.Step == setup.StepHandover:
		text = r.printer.T("next.checklist_handover", "number", number)
	}
	return text, ""
}

// knocking is somebody who waits to be let in, "" for nobody.
func knocking(v wizard.View) string {
	for _, p := range v.People {
		if p.State == wizard.ParticipantWaiting {
			return p.Name
		}
	}
	return ""
}

// ownerName is the administrator who works on a setup: the one who invited, or
// who did something last.
func ownerName(v wizard.View) string {
	for _, record := range v.History {
		if len(record.Actor) > 6 && record.Actor[:6] == string(wizard.WhoAdmin)+":" {
			return record.ActorName
		}
	}
	return ""
}

// stepPageOf fills what the pages of the steps share.
func (r *request) stepPageOf(v wizard.View, id setup.StepID) templates.StepPage {
	st, inFlow := v.Step(id)
	p := templates.StepPage{
		Page: r.setupPage(v), ID: string(id), Revision: wizard.StepBasis(v.Setup, id),
		ReadOnly: !wizard.May(r.visitor.who, v.Setup.ID, id),
		Checks:   r.checks(v, st),
	}
	if r.Method != http.MethodGet { // an entry was rejected, at an address that has no page of its own
		p.Path = p.Setup.StepURL(string(id))
	}
	switch {
	case !inFlow:
		p.Apart, p.ReadOnly = true, true
		if p.Page.Reissue == "" && r.visitor.who.Kind == wizard.WhoAdmin {
			p.Cancel = p.Setup.Path + "/reissue/cancel"
		}
	case !st.Open:
		p.Gate = r.gate(v, st)
	}
	for i, other := range v.Steps {
		if other.Step.ID != id || i+1 == len(v.Steps) {
			continue
		}
		following := v.Steps[i+1]
		p.Onward.Step = string(following.Step.ID)
		if !following.Open && following.State != flow.Done {
			p.Onward.Gate = r.gate(v, following)
		}
	}
	if v.Running || st.Pending() || waits(v, id) {
		p.Live.Waits = true
	}
	return p
}

// waits reports whether a page waits for something that happens elsewhere.
func waits(v wizard.View, id setup.StepID) bool {
	return id == setup.StepSignIn && v.Attempt.ID != "" && !v.Attempt.Final() || v.Next.Waits
}

// gate says what keeps a step closed, each reason once.
func (r *request) gate(v wizard.View, st flow.StepState) *templates.Gate {
	g := &templates.Gate{Step: string(st.Step.ID)}
	seen := map[string]bool{}
	for _, n := range st.Needs {
		one := templates.Need{Step: string(n.Step), Reason: string(n.Reason)}
		switch n.Reason {
		case flow.ReasonBlocker:
			a := r.printer.Finding(*n.Finding)
			one.What, one.Actor = a.Title, string(a.Actor)
		case flow.ReasonEntry:
			for _, f := range n.Fields {
				one.Fields = append(one.Fields, string(f))
			}
		default:
			one.What = r.printer.Check(n.Check)
		}
		if (n.Step == setup.StepRegistration || n.Step == setup.StepMailbox) && v.Next.GuestName != "" {
			one.Who, one.Actor = v.Next.GuestName, string(finding.EntraAdmin)
		}
		if key := fmt.Sprint(one); !seen[key] {
			seen[key] = true
			g.Needs = append(g.Needs, one)
		}
	}
	return g
}

// resultState is the state of one check in the words of the pages.
func resultState(v wizard.View, c flow.CheckState) string {
	switch {
	case len(c.Waiting) > 0:
		return "entry_needed"
	case v.Running && !c.Current:
		return "running"
	case c.Result == nil:
		return "not_checked"
	case !c.Current:
		return "out_of_date"
	case c.Result.Pending:
		return "running"
	case c.Result.SkippedBy != "":
		return "skipped"
	}
	state := "passed"
	for _, f := range c.Result.Findings {
		switch f.Severity() {
		case finding.Blocker:
			return "problem"
		case finding.Warning:
			state = "warning"
		case finding.Note:
			if state == "passed" {
				state = "note"
			}
		}
	}
	return state
}

// checks shows a step's results: a matrix where targets form one, else a list,
// and the findings as cards.
func (r *request) checks(v wizard.View, st flow.StepState) templates.Checks {
	finished, all := st.Count()
	out := templates.Checks{Running: v.Running || st.Pending(), Done: finished, Total: all, Findings: r.findings(v, st)}
	switch {
	case out.Running:
		out.At = v.Run.Started
	case finished > 0:
		out.At = v.Run.Finished
	}
	if wizard.Reads(r.visitor.who, v.Setup.ID) && st.Open && r.visitor.who.Role != wizard.RoleObserver {
		out.Run = "/m/" + string(v.Setup.ID) + "/" + st.Step.ID.Path() + "/runs"
	}
	switch st.Step.ID {
	case setup.StepNetwork:
		out.Matrix = r.networkMatrix(v, st)
	case setup.StepVerification:
		out.Matrix = r.mailboxMatrix(v, st)
	}
	for _, c := range st.Checks {
		inMatrix := out.Matrix != nil && (c.Target.Server != "" || c.Target.Mailbox != "" && c.Check != check.TestMessage && !namesTried(v, c))
		if !inMatrix {
			row := r.checkRow(v, c)
			row.Anchor = anchorOf(st, c)
			out.Rows = append(out.Rows, row)
		}
	}
	return out
}

// namesTried: which name a product of its own key logs in with is not known, so
// its page lists what SMTP answers to each.
func namesTried(v wizard.View, c flow.CheckState) bool {
	return c.Check == check.SMTPLogin && v.Product.Key == product.OwnKey && c.Current && len(c.Result.Facts) > 1
}

func (r *request) checkRow(v wizard.View, c flow.CheckState) templates.CheckRow {
	row := templates.CheckRow{Name: r.printer.Check(c.Check.ID), Target: c.Target.Key(), State: resultState(v, c)}
	if c.Current {
		row.Millis = int(c.Result.Took.Milliseconds())
		if c.Result.SkippedBy != "" {
			row.After = r.printer.Check(c.Result.SkippedBy)
		}
		for _, f := range c.Result.Facts {
			if strings.HasPrefix(f.Name, "ms_") && f.Value == "0" {
				continue // less than can be told: ten of them hide the ones that count
			}
			row.Facts = append(row.Facts, templates.Fact{Name: r.printer.Fact(f.Name), Value: r.printer.FactValue(f.Name, f.Value)})
		}
	}
	return row
}

// findings words what the step has found, worst first, each card with an
// anchor of its own.
func (r *request) findings(v wizard.View, st flow.StepState) []templates.Finding {
	var list []templates.Finding
	for i, g := range st.Groups() {
		f, first := g.Finding, g.Checks[0]
		a := r.printer.Finding(f)
		card := templates.Finding{
			Advice: a, ID: anchors(st)[i], At: first.Result.At, Target: first.Target.Key(),
			Folded: f.Severity() == finding.Note || f.Asks() != "" && !f.Blocks(),
			Ask:    "/m/" + string(v.Setup.ID) + "/ask/" + a.Code + "?step=" + string(st.Step.ID),
		}
		if len(g.Checks) > 1 {
			card.Target = ""
		}
		if r.visitor.who.Role != wizard.RoleObserver {
			card.Again = "/m/" + string(v.Setup.ID) + "/" + st.Step.ID.Path() + "/runs"
		}
		ours := func(c flow.CheckState) bool { return serverIndex(pastedServers(v), c.Target.Server) < 0 }
		if name := first.Target.Server; card.Again != "" && !slices.ContainsFunc(g.Checks, ours) {
			card.Again = "" // would check this server's connections
			card.Here = templates.Link{Text: r.printer.T("network.check_server", "name", name), URL: serverURL(v, name)}
		}
		if f.NewSignIn() && r.visitor.who.Kind == wizard.WhoAdmin && v.Setup.Reissue == nil && v.Setup.SignIn.Pinned != nil {
			card.SignIn = "/m/" + string(v.Setup.ID) + "/reissue"
		}
		if f.AdminConsent() {
			card.Here = templates.Link{Text: r.printer.T("consent.title"), URL: "/m/" + string(v.Setup.ID) + "/registration#consent"}
		}
		if asks := f.Asks(); asks != "" {
			card.Here = templates.Link{
				Text: r.printer.T("finding.answer", "field", r.printer.T("field."+asks)),
				URL:  "/m/" + string(v.Setup.ID) + "/" + st.Step.ID.Path() + "#" + templates.FieldID(asks),
			}
		}
		if card.Who = r.who(v, a.Actor); r.mine(v, a.Actor) {
			card.Me, card.Ask = true, ""
		}
		list = append(list, card)
	}
	return list
}

// anchors names the cards of a step: the code, numbered where it stands twice.
func anchors(st flow.StepState) []string {
	var list []string
	seen := map[string]int{}
	for _, g := range st.Groups() {
		code := g.Finding.Code()
		seen[code]++
		list = append(list, anchor(code, seen[code]))
	}
	return list
}

// anchorOf is the card that explains what a check has found, "" for none.
func anchorOf(st flow.StepState, c flow.CheckState) string {
	if !c.Current {
		return ""
	}
	for i, g := range st.Groups() {
		if slices.ContainsFunc(g.Checks, c.Same) {
			return anchors(st)[i]
		}
	}
	return ""
}

func anchor(code string, nth int) string {
	if nth > 1 {
		return code + "-" + strconv.Itoa(nth)
	}
	return code
}

// mine reports whether the reader is who can act: nobody is asked to write to
// herself.
func (r *request) mine(v wizard.View, actor finding.Actor) bool {
	me := r.visitor.who
	if me.Kind == wizard.WhoAdmin {
		return actor == finding.ProductAdmin
	}
	return me.Kind == wizard.WhoGuest && me.Role == wizard.RoleM365Admin && r.who(v, actor) == me.Name && me.Name != ""
}

// who is the paired person who can act, "" if there is none.
func (r *request) who(v wizard.View, actor finding.Actor) string {
	switch actor {
	case finding.AppAdmin, finding.EntraAdmin, finding.ExchangeAdmin:
		for _, p := range v.People {
			if p.Role == wizard.RoleM365Admin && p.State == wizard.ParticipantAdmitted {
				return p.Name
			}
		}
	}
	return ""
}
