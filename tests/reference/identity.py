"""Contract section 2, "Identity": which ids are one user, decided call by call in the order of arrival."""


class Users:
    """Every id belongs to one group of ids; a group is one user, under the userId that it is known by."""

    def __init__(self):
        self.came_as_user = set()
        self.came_as_anonymous = set()
        self.owned = set()  # ids that were joined to a userId while they were no userId themselves
        self.groups = {}  # id -> the list of the ids of its user, oldest first (one list shared by all of them)
        self.known_by = {}  # id -> the userId of its user, where it has one

    def call(self, user_id, anonymous_id):
        """Any call but alias. Any call with userId and anonymousId joins them."""
        if user_id is not None:
            self._came_as_user(user_id)
        if anonymous_id is not None:
            self._group(anonymous_id)
            self.came_as_anonymous.add(anonymous_id)
        if user_id is not None and anonymous_id is not None:
            self._join(anonymous_id, user_id)

    def alias(self, previous_id, user_id):
        self._came_as_user(user_id)
        if previous_id == user_id:
            return
        if previous_id not in self.came_as_user:
            self._join(previous_id, user_id)  # a join like any other
        elif previous_id in self.came_as_anonymous:
            self._merge(previous_id, user_id)
            self._call_it(user_id, user_id)  # known by the userId that the alias named last

    def canonical(self, id):
        """The userId, else the oldest anonymousId; an id that nobody has seen is its own."""
        return self.known_by.get(id) or self.ids(id)[0]

    def ids(self, id):
        """All ids of the user."""
        return self.groups.get(id, [id])

    def user_id(self, id):
        return self.known_by.get(id)

    def erase(self, id):
        for one in list(self.ids(id)):
            for kept in (self.came_as_user, self.came_as_anonymous, self.owned):
                kept.discard(one)
            self.groups.pop(one, None)
            self.known_by.pop(one, None)

    def _came_as_user(self, id):
        self._group(id)
        self.came_as_user.add(id)
        if id not in self.known_by:
            self._call_it(id, id)

    def _join(self, anonymous_id, user_id):
        """The first userId keeps an anonymousId; two ids that each came as a userId are never joined."""
        if anonymous_id != user_id and anonymous_id not in self.came_as_user and anonymous_id not in self.owned:
            self.owned.add(anonymous_id)
            self._merge(anonymous_id, user_id)
            self._call_it(user_id, self.known_by[user_id])

    def _group(self, id):
        return self.groups.setdefault(id, [id])

    def _merge(self, a, b):
        a_ids, b_ids = self._group(a), self._group(b)
        if a_ids is not b_ids:
            both = b_ids + a_ids
            for id in both:
                self.groups[id] = both

    def _call_it(self, id, name):
        for one in self.groups[id]:
            self.known_by[one] = name
