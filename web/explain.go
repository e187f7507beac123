package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"latchkey/internal/explain"
	"latchkey/internal/finding"
	"latchkey/internal/paste"
	"latchkey/internal/provider"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// pastedField holds what somebody pastes on the explain page. A draft of a
// form leaves it out: the text may hold live values.
const pastedField = "pasted"

// explainPage is the empty form.
func (s *Server) explainPage(w http.ResponseWriter, r *request) error {
	if r.visitor.who.Kind != wizard.WhoAdmin {
		return wizard.ErrForbidden
	}
	v := templates.ExplainTextView{Page: r.base()}
	if kept := r.draft(); kept != nil { // all but the text itself
		v.Method, v.Protocol = kept.Get("account_type"), kept.Get("protocol")
		v.Mailbox, v.SignedIn = kept.Get("mailbox"), kept.Get("signed_in_as")
	}
	return r.render(w, http.StatusOK, templates.ExplainText(v))
}

// explainText answers on the same request: nothing is stored, so there is
// nothing to come back to. Every answer shows the text masked.
func (s *Server) explainText(w http.ResponseWriter, r *request) error {
	if r.visitor.who.Kind != wizard.WhoAdmin {
		return wizard.ErrForbidden
	}
	text := r.PostForm.Get(pastedField)
	v := templates.ExplainTextView{Page: r.base(), Errors: map[string]string{}}
	var known []explain.Entry
	for _, e := range []struct {
		name string
		to   *string
	}{{"account_type", &v.Method}, {"protocol", &v.Protocol}, {"mailbox", &v.Mailbox}, {"signed_in_as", &v.SignedIn}} {
		value, _ := paste.Mask(strings.TrimSpace(r.PostForm.Get(e.name)))
		if len(value) > maxContext {
			v.Errors[e.name], value = r.printer.T("explain_page.too_long_value"), value[:maxContext]
		}
		if *e.to = strings.ToValidUTF8(value, ""); value != "" {
			known = append(known, explain.Entry{Key: e.name, Value: *e.to})
		}
	}
	result, err := explain.Text(s.Wizard.Providers[0], text, known...)
	var wrong *provider.ContextError
	switch {
	case errors.Is(err, paste.ErrEmpty):
		v.Errors[pastedField] = r.printer.T("explain_page.empty")
	case errors.Is(err, paste.ErrTooLong):
		v.Errors[pastedField] = r.printer.T("explain_page.too_long", "size", strconv.Itoa(paste.MaxText>>10))
		v.Text = tail(text)
	case errors.As(err, &wrong):
		field := map[string]string{"account_type": "method", "protocol": "protocols"}[wrong.Key]
		v.Errors[wrong.Key] = r.printer.Problem("not_offered", field, wrong.Value)
		v.Text, _ = paste.Mask(text)
	case err != nil:
		return err
	}
	if len(v.Errors) > 0 {
		if v.Text == "" {
			v.Text = result.Text
		}
		return r.render(w, http.StatusUnprocessableEntity, templates.ExplainText(v))
	}
	v.Text, v.Asked, v.Phase = result.Text, true, string(result.Phase)
	for _, kind := range result.Masked {
		v.Masked = append(v.Masked, string(kind))
	}
	for _, f := range result.Findings {
		a := r.printer.Finding(f)
		v.Findings = append(v.Findings, templates.Finding{Advice: a, ID: a.Code})
	}
	return r.render(w, http.StatusOK, templates.ExplainText(v))
}

// maxContext is the longest address (RFC 5321 §4.5.3.1.3) and some more.
const maxContext = 320

// tail is the last part of a text that is too long, masked: what a reader
// would paste next. A value that the cut has halved is masked with its line.
func tail(text string) string {
	text = text[len(text)-paste.MaxText:]
	if _, rest, found := strings.Cut(text, "\n"); found {
		text = rest
	}
	parts, err := paste.TakeApart(text)
	if err != nil {
		return ""
	}
	return parts.Text
}

// findingList is the reference. Like the pages of single findings it needs no
// login: it holds nothing of any setup.
func (s *Server) findingList(w http.ResponseWriter, r *request) error {
	v := templates.FindingListView{Page: r.base(), Words: r.FormValue("words")}
	words := strings.Fields(strings.ToLower(v.Words))
	for _, d := range s.Wizard.Definitions() {
		a := r.printer.Finding(s.sample(d))
		text := strings.ToLower(strings.Join([]string{a.Code, a.Title, a.Consequence, a.Cause, a.Remedy, a.Command}, "\n"))
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) }) {
			v.Findings = append(v.Findings, a)
		}
	}
	return r.render(w, http.StatusOK, templates.FindingList(v))
}

// explainFinding is the page of one finding code. It needs no login: whoever
// gets a request must be able to read what it is about.
func (s *Server) explainFinding(w http.ResponseWriter, r *request) error {
	d, ok := s.Wizard.Definition(chi.URLParam(r.Request, "code"))
	if !ok {
		return wizard.ErrNotFound
	}
	return r.render(w, http.StatusOK, templates.Explain(templates.ExplainView{Page: r.base(), Advice: r.printer.Finding(s.sample(d))}))
}

// sample is a finding in which each value is its name. Its links are those of
// the first provider that has them.
func (s *Server) sample(d *finding.Definition) finding.Finding {
	params := map[string]string{}
	for _, name := range d.Params {
		params[name] = "‹" + strings.ReplaceAll(name, "_", " ") + "›"
	}
	f := finding.Finding{Causes: []finding.Cause{{Definition: d, Likelihood: finding.Certain}}, Params: params}
	if i := slices.IndexFunc(s.Wizard.Providers, func(p provider.Provider) bool { return p.Link(d, "") != "" }); i >= 0 {
		f = s.Wizard.Providers[i].Linked(f, "")
	}
	return f
}
