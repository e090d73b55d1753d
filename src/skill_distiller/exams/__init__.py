"""Exams: tasks with criteria that quote the skill, what of them a smaller skill still holds, and the figures of it."""
