package com.example.shop

import com.tastekeeper.HistoryAction
import com.tastekeeper.PersonalizationLevel
import com.tastekeeper.code
import com.tastekeeper.screens.ExportScreen
import com.tastekeeper.screens.ShopHome
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** The sample app's tables of strings. */
class WordsTests {
    private val sample = File(System.getProperty("tastekeeper.root"), "examples/android")

    private fun table(folder: String): Map<String, String> {
        val page = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(File(sample, "res/$folder/strings.xml"))
        val strings = page.getElementsByTagName("string")
        return (0 until strings.length).associate { place ->
            strings.item(place).let { it.attributes.getNamedItem("name").nodeValue to it.textContent }
        }
    }

    @Test
    fun `every code has a sentence in both languages`() {
        val codes = PersonalizationLevel.values().map { it.code } + ShopHome.Row.values().map { it.code } +
            HistoryAction.values().map { "tastekeeper_action_${it.name.lowercase()}" } +
            ExportScreen.Document.values().map { "export_${it.name.lowercase()}" }
        for (folder in listOf("values", "values-de")) {
            val words = table(folder)
            assertEquals(emptyList<String>(), codes.filter { words[it].isNullOrBlank() }, folder)
        }
        assertEquals(table("values").keys, table("values-de").keys)
    }

    @Test
    fun `every word that a screen shows is in the table`() {
        val known = table("values").keys
        val asked = sample.listFiles { file -> file.extension == "kt" }.orEmpty()
            .flatMap { Regex("""words\("([a-z_]+)"\)""").findAll(it.readText()).map { found -> found.groupValues[1] } }
        assertTrue(asked.size > 15, "$asked")
        assertEquals(emptyList<String>(), asked.filterNot { it in known })
    }
}
