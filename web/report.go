package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"latchkey/internal/locale"
	"latchkey/internal/report"
	"latchkey/internal/setup"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// speak answers in another language than the reader's own: a report may go to
// another country.
func (r *request) speak() {
	if tag := r.URL.Query().Get("lang"); tag != "" {
		r.printer = r.s.Catalog.Printer(tag)
		r.Request = r.WithContext(locale.WithPrinter(r.Context(), r.printer))
	}
}

// reportPage is the report in its longest form, made to be printed.
func (s *Server) reportPage(w http.ResponseWriter, r *request) error {
	r.speak()
	v, err := r.view()
	if err != nil {
		return err
	}
	return r.render(w, http.StatusOK, templates.Report(r.reportView(v)))
}

// WriteReport writes the report page of a view as one file that stands alone,
// for the command line.
func WriteReport(ctx context.Context, out io.Writer, w *wizard.Wizard, v wizard.View, p *locale.Printer, version string) error {
	hr, err := http.NewRequestWithContext(templates.Alone(locale.WithPrinter(ctx, p), v.ExternalURL), http.MethodGet, "/m/"+string(v.Setup.ID)+"/report", nil)
	if err != nil {
		return fmt.Errorf("web: report: %w", err)
	}
	catalog, err := locale.Load()
	if err != nil {
		return err
	}
	s := &Server{Options: Options{Wizard: w, Catalog: catalog, ExternalURL: v.ExternalURL, Version: version, Now: func() time.Time { return v.Now }}}
	r := &request{Request: hr, s: s, printer: p, visitor: visitor{who: wizard.System}}
	return templates.Report(r.reportView(v)).Render(hr.Context(), out)
}

func (r *request) reportView(v wizard.View) templates.ReportView {
	page := templates.ReportView{
		Page: r.setupPage(v), State: string(v.Condition()), By: v.Next.GuestName, At: v.ReportAt,
		Expiries: r.expiries(v), People: r.persons(v), Warnings: v.Warnings(),
	}
	page.Live, page.Steps = templates.Live{}, page.Setup.Rail
	handover := r.handoverView(v, templates.StepPage{}, nil)
	for _, row := range handover.Summary {
		page.Summary = append(page.Summary, templates.Fact{Name: row.Name, Value: row.Value})
	}
	add := func(name, value string) {
		if value != "" {
			page.Summary = append(page.Summary, templates.Fact{Name: r.printer.T(name), Value: value})
		}
	}
	if id := v.TenantID(); id != v.Setup.Registration.Tenant {
		add("fact.tenant_id", id) // entered as a domain
	}
	if !v.Setup.Application.ChecklistOnly { // nobody signs in here
		add("addresses.redirect_uri", v.CallbackURL)
	}
	add("field.product_redirect_uri", v.Setup.Addresses.ProductRedirectURI)
	for i := range page.People { // who took part; who is at a screen now is nobody's business later
		page.People[i].Presence, page.People[i].Step, page.People[i].Me = "", "", false
	}
	for _, st := range v.Steps {
		c := r.checks(v, st)
		if c.Matrix != nil && len(c.Matrix.Rows) > 0 {
			page.Matrices = append(page.Matrices, *c.Matrix)
		}
		page.Checks = append(page.Checks, c.Rows...)
		for _, f := range c.Findings {
			f.Ask, f.Again = "", ""
			page.Findings = append(page.Findings, f)
		}
	}
	worst := func(f templates.Finding) int { return f.Severity.Rank() }
	slices.SortStableFunc(page.Findings, func(a, b templates.Finding) int { return worst(a) - worst(b) })
	unique(page.Findings)
	if a := v.Attempt; !a.Confirmed.IsZero() {
		page.Evidence, page.Verdict = evidenceOf(a), string(a.Session())
	}
	if v.Setup.Mailbox.Decision == setup.ByVerification {
		page.Overrides = append(page.Overrides, templates.Event{
			At: v.Setup.Mailbox.At, Who: v.Setup.Mailbox.By, What: r.printer.T("decision." + string(setup.ByVerification)),
			Step: string(setup.StepMailbox),
		})
	}
	for _, format := range []string{"md", "txt", "json"} {
		page.Formats = append(page.Formats, templates.Link{Text: r.printer.T("report_format." + format), URL: page.Setup.Path + "/report." + format})
	}
	return page
}

// unique gives cards of several steps anchors of their own.
func unique(list []templates.Finding) {
	seen := map[string]int{}
	for i, f := range list {
		seen[f.Code]++
		list[i].ID = anchor(f.Code, seen[f.Code])
	}
}

func (s *Server) reportFile(w http.ResponseWriter, r *request) error {
	r.speak()
	v, err := r.view()
	if err != nil {
		return err
	}
	d := report.Of(v, r.printer, s.Version)
	var body, kind string
	switch chi.URLParam(r.Request, "format") {
	case "json":
		b, err := d.JSON()
		if err != nil {
			return err
		}
		body, kind = string(b)+"\n", "application/json; charset=utf-8"
	case "md":
		body, kind = d.Markdown(r.printer), "text/markdown; charset=utf-8"
	case "txt":
		body, kind = d.Ticket(r.printer), "text/plain; charset=utf-8"
	default:
		return wizard.ErrNotFound
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "inline")
	_, _ = w.Write([]byte(body))
	return nil
}

// ask is the ready-made request for whoever can act on a finding.
func (s *Server) ask(w http.ResponseWriter, r *request) error {
	v, err := r.view()
	if err != nil {
		return err
	}
	step := setup.StepID(r.URL.Query().Get("step"))
	for _, st := range v.Steps {
		for _, f := range st.Findings() {
			if f.Code() == chi.URLParam(r.Request, "finding") && (step == "" || step == st.Step.ID) {
				a := r.printer.Finding(f)
				view := templates.AskView{
					Page: r.setupPage(v), Advice: a, Who: r.who(v, a.Actor), Step: string(st.Step.ID),
					URL: v.ExternalURL + "/findings/" + a.Code,
				}
				if st.Step.ID == setup.StepRegistration {
					view.Client, view.Enter = v.Setup.Registration.ClientID, v.ExternalURL+view.Setup.StepURL(view.Step)
					if strings.HasPrefix(a.Code, "client_secret") {
						view.Enter += "/secret"
					}
				}
				return r.render(w, http.StatusOK, templates.Ask(view))
			}
		}
	}
	return wizard.ErrNotFound
}

func (s *Server) help(w http.ResponseWriter, r *request) error {
	return r.render(w, http.StatusOK, templates.Help(templates.HelpView{Page: r.base(), Steps: newSteps()}))
}

func (s *Server) accessibility(w http.ResponseWriter, r *request) error {
	return r.render(w, http.StatusOK, templates.Accessibility(r.base()))
}

// probeBlock takes what another server has seen of the network.
func (s *Server) probeBlock(w http.ResponseWriter, r *request) error {
	err := s.Wizard.PasteBlock(r.Context(), r.visitor.who, r.id(), r.PostForm.Get("probe_block"))
	if wrong, rejected := r.pasteProblem(err); rejected {
		v, err := r.view()
		if err != nil {
			return err
		}
		return r.render(w, http.StatusUnprocessableEntity, r.stepView(v, setup.StepNetwork, r.entries(), wrong))
	}
	if err != nil {
		return err
	}
	return r.redirect(w, "/m/"+string(r.id())+"/"+setup.StepNetwork.Path(), "block_read")
}
