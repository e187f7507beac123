package web

import (
	"slices"
	"strconv"
	"time"

	"latchkey/internal/check"
	"latchkey/internal/flow"
	"latchkey/internal/wizard"
	"latchkey/templates"
)

// networkMatrix is server × connection with milliseconds.
func (r *request) networkMatrix(v wizard.View, st flow.StepState) *templates.Matrix {
	m := &templates.Matrix{
		Caption: r.printer.T("network.matrix"), Corner: r.printer.T("network.server"),
	}
	roles := map[string]string{}
	for _, server := range slices.Concat(v.Setup.Application.Servers, v.Servers) {
		roles[server.Name] = r.printer.T("server_role." + string(server.Role))
	}
	r.fill(v, st, m, check.Network, func(t check.Target) (row, column string) {
		column = t.Host + ":" + strconv.Itoa(t.Port)
		if t.Protocol != "" {
			column = r.printer.T("protocol."+string(t.Protocol)) + ", " + strconv.Itoa(t.Port)
		}
		return t.Server, column
	})
	for i, row := range m.Rows {
		m.Rows[i].Note = roles[row.Name]
		if row.Name == v.Node {
			m.Rows[i].Note = r.printer.T("network.this_server")
		}
	}
	return m
}

// mailboxMatrix is mailbox × protocol.
func (r *request) mailboxMatrix(v wizard.View, st flow.StepState) *templates.Matrix {
	m := &templates.Matrix{Caption: r.printer.T("verification.matrix"), Corner: r.printer.T("verification.mailbox")}
	for _, c := range []*check.Check{check.IMAP, check.POP3, check.SMTPLogin} {
		r.fill(v, st, m, c, func(t check.Target) (row, column string) {
			return string(t.Mailbox), r.printer.T("protocol." + string(t.Protocol))
		})
	}
	return m
}

// fill adds the results of one check. Rows and columns appear in the order in
// which targets do; a cell that does not apply stays empty.
func (r *request) fill(v wizard.View, st flow.StepState, m *templates.Matrix, of *check.Check, place func(check.Target) (row, column string)) {
	for _, c := range st.Checks {
		if c.Check != of {
			continue
		}
		row, column := place(c.Target)
		x := index(&m.Columns, column)
		y := -1
		for i := range m.Rows {
			if m.Rows[i].Name == row {
				y = i
			}
		}
		if y < 0 {
			m.Rows = append(m.Rows, templates.MatrixRow{Name: row})
			y = len(m.Rows) - 1
		}
		cell := templates.Cell{State: resultState(v, c), Anchor: anchorOf(st, c)}
		if c.Current {
			cell.Millis = millis(c.Result.Took)
		}
		for len(m.Rows[y].Cells) <= x {
			m.Rows[y].Cells = append(m.Rows[y].Cells, templates.Cell{})
		}
		m.Rows[y].Cells[x] = cell
	}
	for i := range m.Rows {
		for len(m.Rows[i].Cells) < len(m.Columns) {
			m.Rows[i].Cells = append(m.Rows[i].Cells, templates.Cell{})
		}
	}
}

func index(list *[]string, value string) int {
	for i, have := range *list {
		if have == value {
			return i
		}
	}
	*list = append(*list, value)
	return len(*list) - 1
}

// millis rounds up: what took no whole millisecond was measured all the same.
func millis(d time.Duration) int { return int((d + time.Millisecond - 1) / time.Millisecond) }
