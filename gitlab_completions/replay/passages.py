"""Files that synthetic authors write: what is there at first, and what they add.

Fixed texts, so that the same seed gives the same figures wherever it is run. Three
languages with different line shapes: indentation, braces, keywords.
"""

from __future__ import annotations

from gitlab_completions._records import Record

__all__ = ("PASSAGES", "Passage")


class Passage(Record):
    """A file, and what is to be written into it.

    Args:
        file_name: Its name.
        language: The editor's identifier of its language.
        head: What is above the place, at first.
        body: What the author writes there.
        tail: What is below it.
    """

    file_name: str
    language: str
    head: str
    body: str
    tail: str


PASSAGES = (
    Passage(
        file_name="inventory.py",
        language="python",
        head='''"""What a shop has in stock, and what it is worth."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Article:
    number: str
    title: str
    price: float
    weight: float = 0.0


''',
        body="""class Inventory:
    def __init__(self, articles: list[Article]) -> None:
        self.articles = {each.number: each for each in articles}
        self.stock: Counter[str] = Counter()

    def receive(self, number: str, count: int = 1) -> None:
        if number not in self.articles:
            raise KeyError(f"no article has the number {number}")
        if count < 1:
            raise ValueError("count must be positive")
        self.stock[number] += count

    def remove(self, number: str, count: int = 1) -> None:
        if self.stock[number] < count:
            raise ValueError(f"only {self.stock[number]} of {number} are left")
        self.stock[number] -= count

    def worth(self) -> float:
        total = 0.0
        for number, count in self.stock.items():
            total += self.articles[number].price * count
        return round(total, 2)

    def weight(self) -> float:
        return sum(
            self.articles[number].weight * count
            for number, count in self.stock.items()
        )

    def missing(self, wanted: dict[str, int]) -> dict[str, int]:
        found = {}
        for number, count in wanted.items():
            lacking = count - self.stock[number]
            if lacking > 0:
                found[number] = lacking
        return found
""",
        tail="""

def load(lines: list[str]) -> list[Article]:
    articles = []
    for line in lines:
        number, title, price = line.split(";")
        articles.append(Article(number, title, float(price)))
    return articles


def report(articles: list[Article]) -> str:
    rows = [f"{each.number:>8} {each.title}" for each in articles]
    return "\\n".join(rows)
""",
    ),
    Passage(
        file_name="schedule.js",
        language="javascript",
        head="""import { readFile } from "node:fs/promises";

const DAY_MS = 24 * 60 * 60 * 1000;

export class Appointment {
  constructor(title, start, end) {
    this.title = title;
    this.start = start;
    this.end = end;
  }
}

""",
        body="""export class Schedule {
  constructor(appointments = []) {
    this.appointments = [...appointments];
    this.listeners = new Set();
  }

  add(appointment) {
    const conflict = this.conflictWith(appointment);
    if (conflict !== undefined) {
      throw new Error(`it overlaps with ${conflict.title}`);
    }
    this.appointments.push(appointment);
    this.appointments.sort((one, other) => one.start - other.start);
    this.notify("added", appointment);
  }

  conflictWith(appointment) {
    return this.appointments.find(
      (each) => each.start < appointment.end && appointment.start < each.end,
    );
  }

  onDay(day) {
    const start = new Date(day.getFullYear(), day.getMonth(), day.getDate());
    const end = new Date(start.getTime() + DAY_MS);
    return this.appointments.filter(
      (each) => each.start < end && each.end > start,
    );
  }

  remove(title) {
    const index = this.appointments.findIndex((each) => each.title === title);
    if (index === -1) {
      return false;
    }
    const [removed] = this.appointments.splice(index, 1);
    this.notify("removed", removed);
    return true;
  }

  notify(what, appointment) {
    for (const listener of this.listeners) {
      listener({ what, appointment });
    }
  }
}
""",
        tail="""
export async function load(path) {
  const text = await readFile(path, "utf-8");
  const rows = JSON.parse(text);
  return rows.map(
    (row) => new Appointment(row.title, new Date(row.start), new Date(row.end)),
  );
}

export function describe(appointment) {
  const start = appointment.start.toISOString();
  return `${appointment.title} at ${start}`;
}
""",
    ),
    Passage(
        file_name="pool.go",
        language="go",
        head="""package pool

import (
\t"context"
\t"errors"
\t"sync"
)

var ErrClosed = errors.New("the pool is closed")

type Conn interface {
\tClose() error
}

type Dial func(ctx context.Context) (Conn, error)

""",
        body="""type Pool struct {
\tmu     sync.Mutex
\tdial   Dial
\tidle   []Conn
\tmax    int
\tclosed bool
}

func New(dial Dial, max int) *Pool {
\treturn &Pool{dial: dial, max: max}
}

func (p *Pool) Get(ctx context.Context) (Conn, error) {
\tp.mu.Lock()
\tif p.closed {
\t\tp.mu.Unlock()
\t\treturn nil, ErrClosed
\t}
\tif count := len(p.idle); count > 0 {
\t\tconn := p.idle[count-1]
\t\tp.idle = p.idle[:count-1]
\t\tp.mu.Unlock()
\t\treturn conn, nil
\t}
\tp.mu.Unlock()
\treturn p.dial(ctx)
}

func (p *Pool) Put(conn Conn) error {
\tp.mu.Lock()
\tdefer p.mu.Unlock()
\tif p.closed || len(p.idle) >= p.max {
\t\treturn conn.Close()
\t}
\tp.idle = append(p.idle, conn)
\treturn nil
}

func (p *Pool) Close() error {
\tp.mu.Lock()
\tdefer p.mu.Unlock()
\tp.closed = true
\tvar first error
\tfor _, conn := range p.idle {
\t\tif err := conn.Close(); err != nil && first == nil {
\t\t\tfirst = err
\t\t}
\t}
\tp.idle = nil
\treturn first
}
""",
        tail="""
type Stats struct {
\tIdle   int
\tClosed bool
}

func (p *Pool) Stats() Stats {
\tp.mu.Lock()
\tdefer p.mu.Unlock()
\treturn Stats{Idle: len(p.idle), Closed: p.closed}
}
""",
    ),
)
