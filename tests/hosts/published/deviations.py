"""What the sandbox leaves out of answers that GitHub describes as always there, each with its reason.

All that it does answer is held to the description, but for `MISTAKES`, which are the description's own.
`docs/sandbox.md` tells people the same.
"""

import re

REASONS = {
    r"\w+_url|url|_links": "addresses of what the sandbox does not serve",
    r"gravatar_id": "people have no pictures",
    r"has_\w+|disabled|homepage|language|license|description|size": "a repository has no settings and no statistics",
    r"forks|watchers|open_issues|\w+_count": "nobody counts",
    r"created_at|updated_at|pushed_at": "a repository has no history of its own",
    r"assignee|auto_merge|labels|milestone|maintainer_can_modify": "a pull request has no such thing",
    r"additions|changed_files|comments|commits|deletions|review_comments": "a pull request is not counted through",
    r"bio|blog|company|hireable|location|followers|following|public_\w+": "people have no profile",
    r"author_association": "of a pull request; of comments it is told",
}
MISTAKES = {
    r"\d+\.account: '(name|slug)' is missing": "in the list, an account is a user and an enterprise at once",
}
LEFT_OUT = tuple(re.compile(pattern) for pattern in REASONS)
